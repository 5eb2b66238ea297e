package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// plain is a mapping of bodies that have the fields of an order under other names.
const (
	plainID    = `body.no`
	plainOrder = `{"items": body.lines, "shippingAddress": body.to, "customer": {"id": body.by}, "total": {"currency": "USD", "amountCents": body.cents}}`
	plainBody  = `{"no":"A-1","lines":[{"productID":"B000000001","quantity":1}],"by":"c-1","cents":100,"kind":"paid",
 "to":{"firstName":"Ada","lastName":"Doe","line1":"1 Main St","city":"Austin","postalCode":"78701","country":"US","phone":"+15032234567"},
 "buyer":{"firstName":"planted","lastName":"Doe","line1":"9 Billing Rd","city":"Boston","postalCode":"02108","country":"US","phone":"+15032234567"}}`
)

// twoOrder makes two orders of the same body; each expression changes one part.
const twoOrder = `[{"items": body.lines, "shippingAddress": body.to, "customer": {"id": body.by}, "total": {"currency": "USD", "amountCents": body.cents}},
 {"items": body.lines, "shippingAddress": body.?second.orValue(body.to), "customer": {"id": body.by}, "total": {"currency": "USD", "amountCents": body.cents}}]`

func mapped(filter, id, order string) *v1alpha1.WebhookSource {
	src := source()
	src.Spec.EventFilter = filter
	if order != "" {
		src.Spec.Mapping = &v1alpha1.WebhookMapping{ExternalID: id, Order: order}
	}
	return src
}

func compiledSource(t testing.TB, src *v1alpha1.WebhookSource) *Mapper {
	t.Helper()
	m, err := Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// swapIn replaces a part of a body that must be there.
func swapIn(t *testing.T, body, old, new string) string {
	t.Helper()
	if !strings.Contains(body, old) {
		t.Fatalf("%q is not in the body", old)
	}
	return strings.Replace(body, old, new, 1)
}

func TestOneBodyMakesOneOrder(t *testing.T) {
	orders, err := compiledSource(t, mapped(`body.kind == "paid"`, plainID, plainOrder)).Orders(t.Context(),
		Input{Body: []byte(plainBody), RequestID: "r-1", Delivery: "d-1"})
	if err != nil {
		t.Fatal(explain(err))
	}
	want := v1alpha1.ZMAOrderSpec{
		AccountRef: v1alpha1.LocalReference{Name: "main"}, PolicyRef: &v1alpha1.LocalReference{Name: "strict"},
		Source: &v1alpha1.OrderSource{Name: "web", ExternalID: "A-1"},
		Items:  []v1alpha1.OrderItem{{ProductID: "B000000001", Quantity: 1}},
		ShippingAddress: v1alpha1.Address{FirstName: "Ada", LastName: "Doe", Line1: "1 Main St",
			City: "Austin", PostalCode: "78701", Country: "US", Phone: "+15032234567"},
		Customer: v1alpha1.Customer{ID: "c-1"}, Total: v1alpha1.Money{Currency: "USD", AmountCents: 100},
	}
	if len(orders) != 1 {
		t.Fatalf("%d orders, want 1", len(orders))
	}
	if diff := cmp.Diff(want, orders[0].Spec); diff != "" {
		t.Error(diff)
	}
	if a := orders[0].Annotations; !v1alpha1.HasDerivedName(orders[0]) || a[v1alpha1.AnnotationRequestID] != "r-1" || a[v1alpha1.AnnotationDelivery] != "d-1" {
		t.Errorf("metadata %+v", orders[0].ObjectMeta)
	}
}

// The mapping and a sender who does it himself must make the same payload.
func TestAMappedOrderHashesLikeTheNativeOne(t *testing.T) {
	native := `{"externalID":"A-1","items":[{"productID":"B000000001","quantity":1}],"customer":{"id":"c-1"},"total":{"currency":"USD","amountCents":100},
"shippingAddress":{"firstName":"Ada","lastName":"Doe","line1":"1 Main St","city":"Austin","postalCode":"78701","country":"US","phone":"+15032234567"}}`
	hash := func(src *v1alpha1.WebhookSource, body string) string {
		orders, err := compiledSource(t, src).Orders(t.Context(), Input{Body: []byte(body)})
		if err != nil {
			t.Fatal(explain(err))
		}
		return orders[0].Annotations[v1alpha1.AnnotationPayloadHash]
	}
	if a, b := hash(mapped("", plainID, plainOrder), plainBody), hash(source(), native); a != b {
		t.Errorf("hashes %s and %s", a, b)
	}
}

func TestSeveralRecipientsMakeSeveralOrders(t *testing.T) {
	m := compiledSource(t, mapped("", `[body.no + "/1", body.no + "/2"]`, twoOrder))
	body := swapIn(t, plainBody, `"buyer"`, `"second":{"firstName":"Eve","lastName":"Poe","line1":"3 Back St","city":"Reno","postalCode":"89501","country":"US","phone":"+15032234570"},"buyer"`)
	orders, err := m.Orders(t.Context(), Input{Body: []byte(body)})
	if err != nil {
		t.Fatal(explain(err))
	}
	var got []string
	for _, o := range orders {
		got = append(got, o.Spec.Source.ExternalID+" "+o.Spec.ShippingAddress.City)
	}
	if diff := cmp.Diff([]string{"A-1/1 Austin", "A-1/2 Reno"}, got); diff != "" {
		t.Error(diff)
	}
	if orders[0].Name == orders[1].Name {
		t.Error("two orders have one name")
	}
}

func TestFilterDecidesOrRefuses(t *testing.T) {
	cases := map[string]struct {
		filter  string
		header  http.Header
		ignored bool
		failed  bool
	}{
		"true":                          {filter: `body.kind == "paid"`},
		"false":                         {filter: `body.kind == "refunded"`, ignored: true},
		"a missing key is not a pass":   {filter: `body.type != "refunded"`, failed: true},
		"a missing key can be expected": {filter: `has(body.type) && body.type == "paid"`, ignored: true},
		"a header":                      {filter: `headers["x-topic"] == "paid"`, header: http.Header{"X-Topic": {"paid", "other"}}},
		"a missing header":              {filter: `headers["x-topic"] == "paid"`, failed: true},
		"a missing header, expected":    {filter: `headers[?"x-topic"].orValue("") == "paid"`, ignored: true},
		"a bool of the body":            {filter: `body.flag`, failed: true},
		"no bool after all":             {filter: `body.kind`, failed: true},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			_, err := compiledSource(t, mapped(tc.filter, plainID, plainOrder)).Orders(t.Context(), Input{Body: []byte(plainBody), Header: tc.header})
			var failed *ExpressionError
			if errors.Is(err, ErrIgnored) != tc.ignored || errors.As(err, &failed) != tc.failed || err != nil && !tc.ignored && !tc.failed {
				t.Errorf("error %v", err)
			}
			if tc.failed && !strings.HasPrefix(failed.Fields[0].Field, "eventFilter") {
				t.Errorf("fields %v", failed.Fields)
			}
		})
	}
}

func TestAFilterWorksWithoutAMapping(t *testing.T) {
	m := compiledSource(t, mapped(`body.total.amountCents > 0`, "", ""))
	if _, err := m.Orders(t.Context(), Input{Body: []byte(full)}); err != nil {
		t.Error(explain(err))
	}
	if _, err := m.Orders(t.Context(), Input{Body: []byte(least)}); !errors.Is(err, ErrIgnored) {
		t.Errorf("error %v, want ErrIgnored", err)
	}
}

func TestExpressionsSeeNoCredentials(t *testing.T) {
	header := http.Header{"Authorization": {"Bearer planted"}, "Proxy-Authorization": {"planted"}, "Cookie": {"planted"},
		"Webhook-Signature": {"planted"}, "Webhook-Timestamp": {"1"}, "Svix-Signature": {"planted"}, "Svix-Timestamp": {"1"},
		"Stripe-Signature": {"planted"}, "X-Sign": {"planted"}, "X-Time": {"1"}, "X-Topic": {"orders"}}
	common := []string{"authorization", "cookie", "proxy-authorization"}
	cases := map[string]struct {
		auth   v1alpha1.WebhookAuth
		hidden []string
	}{
		"standardWebhooks": {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks}, []string{"webhook-signature", "webhook-timestamp", "svix-signature", "svix-timestamp"}},
		"stripe":           {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStripe}, []string{"stripe-signature"}},
		"bearer":           {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthBearer}, nil},
		"hmac":             {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: &v1alpha1.HMACScheme{Header: "X-Sign", TimestampHeader: "X-Time"}}, []string{"x-sign", "x-time"}},
		"hmac, no time":    {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: &v1alpha1.HMACScheme{Header: "X-SIGN"}}, []string{"x-sign"}},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			for _, name := range append(common, tc.hidden...) {
				src := mapped(`"`+name+`" in headers`, plainID, plainOrder)
				src.Spec.Auth = tc.auth
				if _, err := compiledSource(t, src).Orders(t.Context(), Input{Body: []byte(plainBody), Header: header}); !errors.Is(err, ErrIgnored) {
					t.Errorf("%s is seen: %v", name, err)
				}
			}
			src := mapped(`headers["x-topic"] == "orders"`, plainID, plainOrder)
			src.Spec.Auth = tc.auth
			if _, err := compiledSource(t, src).Orders(t.Context(), Input{Body: []byte(plainBody), Header: header}); err != nil {
				t.Errorf("an ordinary header is not seen: %v", explain(err))
			}
		})
	}
}

// An evaluation that ran out of time says nothing of the body: the sender must be
// told to send again, not that its event is wrong.
func TestAnInterruptedEvaluationIsNoRefusal(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	order := swapIn(t, plainOrder, `body.lines`, `body.lines.filter(l, body.many.all(m, m >= 0))`)
	many, err := json.Marshal(make([]int, 1000))
	if err != nil {
		t.Fatal(err)
	}
	body := swapIn(t, plainBody, `"no"`, `"many":`+string(many)+`,"no"`)
	_, err = compiledSource(t, mapped("", plainID, order)).Orders(ended, Input{Body: []byte(body)})
	var failed *ExpressionError
	var wrong *BodyError
	if err == nil || errors.As(err, &failed) || errors.As(err, &wrong) || errors.Is(err, ErrIgnored) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one that is not the sender's", err)
	}
}
