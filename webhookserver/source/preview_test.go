package source

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const event = `{"no":"A-1","kind":"paid","lines":[{"productID":"B000000001","quantity":1}],
 "to":{"firstName":"Ada","lastName":"Doe","line1":"1 Main St","city":"Austin","postalCode":"78701","country":"US","phone":"+15125550100"}}`

// mapped makes an order of the event; the topic in a header decides whether it is wanted.
func mapped() *v1alpha1.WebhookSource {
	s := named("web", "", 0)
	s.Spec.AccountRef.Name = "main"
	s.Spec.EventFilter = `headers["x-topic"] == body.kind`
	s.Spec.Mapping = &v1alpha1.WebhookMapping{ExternalID: `body.no`,
		Order: `{"items": body.lines, "shippingAddress": body.to, "customer": {"id": "c-1"}, "total": {"currency": "USD", "amountCents": 100}}`}
	return &s
}

func TestCompileNamesThePlace(t *testing.T) {
	s := mapped()
	if err := Compile(s); err != nil {
		t.Fatal(err)
	}
	s.Spec.Mapping.Order = "{\n  \"items\": bdy.lines}"
	if err := Compile(s); err == nil || err.Error() != "mapping.order:2:12: undeclared reference to 'bdy'" {
		t.Errorf("error %v", err)
	}
	if _, err := Preview(t.Context(), s, []byte(event), nil); err == nil {
		t.Error("a source that does not compile makes orders")
	}
}

func TestPreviewShowsTheOrderOfTheEndpoint(t *testing.T) {
	orders, err := Preview(t.Context(), mapped(), []byte(event), http.Header{"X-Topic": {"paid"}})
	if err != nil || len(orders) != 1 {
		t.Fatalf("%d orders, %v: %v", len(orders), err, FieldErrors(err))
	}
	o := orders[0]
	if o.Name != v1alpha1.OrderNameFor("web", "A-1") || o.Namespace != "shop" || o.Spec.AccountRef.Name != "main" || o.Spec.ShippingAddress.City != "Austin" {
		t.Errorf("order %+v", o)
	}
	// No request has come, so none is noted.
	if _, noted := o.Annotations[v1alpha1.AnnotationRequestID]; noted {
		t.Errorf("annotations %v", o.Annotations)
	}
}

func TestPreviewTellsWhatTheSenderWouldBeTold(t *testing.T) {
	paid := http.Header{"X-Topic": {"paid"}}
	cases := map[string]struct {
		body   string
		header http.Header
		want   []FieldError
	}{
		"an address that is missing": {strings.Replace(event, `"to"`, `"ship_to"`, 1), paid,
			[]FieldError{{Field: "mapping.order:1:46", Detail: "no such key: to"}}},
		"a part that is missing": {strings.Replace(event, `"Austin"`, `""`, 1), paid,
			[]FieldError{{Field: "shippingAddress.city", Detail: "is required"}}},
		"a header that is missing": {event, nil, []FieldError{{Field: "eventFilter:1:8", Detail: "no such key: x-topic"}}},
		"no JSON":                  {"{", paid, []FieldError{{Field: "", Detail: "is not one JSON value"}}},
		"a card number":            {`{"a":"4111111111111111"}`, paid, nil},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			orders, err := Preview(t.Context(), mapped(), []byte(tc.body), tc.header)
			if err == nil || orders != nil || errors.Is(err, ErrIgnored) {
				t.Fatalf("%d orders, error %v", len(orders), err)
			}
			if diff := cmp.Diff(tc.want, FieldErrors(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPreviewTellsAnIgnoredEvent(t *testing.T) {
	if _, err := Preview(t.Context(), mapped(), []byte(event), http.Header{"X-Topic": {"refunded"}}); !errors.Is(err, ErrIgnored) {
		t.Errorf("error %v, want ErrIgnored", err)
	}
}
