package mapping

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const full = `{
  "externalID": "A-1", "retailer": "amazon",
  "items": [{"productID": "B000000001", "quantity": 2, "unitPriceCents": 1099, "variants": [{"dimension": "size", "value": "M"}], "title": "Shirt", "category": "clothes"}],
  "shippingAddress": {"firstName": "Ada", "lastName": "Doe", "line1": "1 Main St", "line2": "Flat 2", "city": "Austin", "state": "TX", "postalCode": "78701", "country": "US", "phone": "+15032234567", "email": "ada@example.com"},
  "recipientOfGift": true, "gift": {"message": "Enjoy"},
  "customer": {"id": "c-1", "email": "bob@example.com"},
  "total": {"currency": "USD", "amountCents": 2599},
  "payment": {"provider": "stripe", "reference": "pi_1", "amountCents": 2599},
  "shipping": {"orderBy": "price", "maxDays": 5, "maxPriceCents": 900},
  "notBefore": "2030-01-02T03:04:05Z", "maxPriceCents": 4000
}`

const least = `{"externalID":"A-1","items":[{"productID":"B000000001","quantity":1}],
 "shippingAddress":{"firstName":"Ada","lastName":"Doe","line1":"1 Main St","city":"Austin","postalCode":"78701","country":"US","phone":"+15032234567"},
 "customer":{"id":"c-1"},"total":{"currency":"USD","amountCents":0}}`

func ptr[T any](v T) *T { return &v }

func source() *v1alpha1.WebhookSource {
	return &v1alpha1.WebhookSource{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: v1alpha1.WebhookSourceSpec{AccountRef: v1alpha1.LocalReference{Name: "main"},
			PolicyRef: &v1alpha1.LocalReference{Name: "strict"}},
	}
}

func TestDecodeKeepsEveryField(t *testing.T) {
	n, err := Decode([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	order, err := Order(source(), n, Input{RequestID: "req-1", Delivery: "d-1"})
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.ZMAOrderSpec{
		AccountRef: v1alpha1.LocalReference{Name: "main"}, PolicyRef: &v1alpha1.LocalReference{Name: "strict"},
		Source:   &v1alpha1.OrderSource{Name: "web", ExternalID: "A-1"},
		Retailer: "amazon",
		Items: []v1alpha1.OrderItem{{ProductID: "B000000001", Quantity: 2, UnitPriceCents: ptr(int64(1099)),
			Variants: []v1alpha1.Variant{{Dimension: "size", Value: "M"}}, Title: "Shirt", Category: "clothes"}},
		ShippingAddress: v1alpha1.Address{FirstName: "Ada", LastName: "Doe", Line1: "1 Main St", Line2: "Flat 2",
			City: "Austin", State: "TX", PostalCode: "78701", Country: "US", Phone: "+15032234567", Email: "ada@example.com"},
		RecipientOfGift: ptr(true), Gift: &v1alpha1.Gift{Message: "Enjoy"},
		Customer:      v1alpha1.Customer{ID: "c-1", Email: "bob@example.com"},
		Total:         v1alpha1.Money{Currency: "USD", AmountCents: 2599},
		Payment:       v1alpha1.Payment{Provider: v1alpha1.PaymentProviderStripe, Reference: "pi_1", AmountCents: ptr(int64(2599))},
		Shipping:      v1alpha1.Shipping{OrderBy: "price", MaxDays: ptr(int32(5)), MaxPriceCents: ptr(int64(900))},
		NotBefore:     ptr(metav1.NewTime(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))),
		MaxPriceCents: ptr(int64(4000)),
	}
	if diff := cmp.Diff(want, order.Spec); diff != "" {
		t.Error(diff)
	}
	if order.Namespace != "shop" || !v1alpha1.HasDerivedName(order) || order.Annotations[v1alpha1.AnnotationRequestID] != "req-1" ||
		order.Annotations[v1alpha1.AnnotationDelivery] != "d-1" ||
		!cmp.Equal(order.Finalizers, []string{v1alpha1.OrderFinalizer}) {
		t.Errorf("metadata %+v", order.ObjectMeta)
	}
}

func TestDecodeNamesWhatIsWrongAndNoValue(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(least, old) {
			t.Fatalf("%q is not in the sample", old)
		}
		return strings.Replace(least, old, new, 1)
	}
	cases := map[string]struct {
		body string
		want []FieldError
	}{
		"an unknown field": {swap(`"customer":`, `"colour":"planted","customer":`),
			[]FieldError{{"colour", "is unknown"}}},
		"an unknown field inside": {swap(`"city":`, `"street":"planted","city":`),
			[]FieldError{{"shippingAddress.street", "is unknown"}}},
		"a key in another case": {swap(`"line1"`, `"Line1"`),
			[]FieldError{{"shippingAddress.Line1", "is unknown"}}},
		"a key given twice": {swap(`"city":`, `"city":"planted","city":`),
			[]FieldError{{"shippingAddress.city", "is given twice"}}},
		"an account chosen by the sender": {swap(`"customer":`, `"accountRef":{"name":"planted"},"customer":`),
			[]FieldError{{"accountRef", "is unknown"}}},
		"an order suspended by the sender": {swap(`"customer":`, `"suspend":true,"customer":`),
			[]FieldError{{"suspend", "is unknown"}}},
		"a number as a string": {swap(`"amountCents":0`, `"amountCents":"planted"`),
			[]FieldError{{"total.amountCents", "must be a whole number"}}},
		"money with a fraction": {swap(`"amountCents":0`, `"amountCents":9.99`),
			[]FieldError{{"total.amountCents", "must be a whole number"}}},
		"a quantity beyond 32 bits": {swap(`"quantity":1`, `"quantity":4294967297`),
			[]FieldError{{"items.quantity", "must be a whole number"}}},
		"a name that is an object": {swap(`"Ada"`, `{"planted":1}`),
			[]FieldError{{"shippingAddress.firstName", "must be a string"}}},
		"a date that is none": {swap(`"customer":`, `"notBefore":"planted","customer":`),
			[]FieldError{{"", "has a value of the wrong form"}}},
		"no address":                {swap(`"shippingAddress":`, `"customer":{"id":"x"},"x":`), nil},
		"an address of null":        {`{"externalID":"A-1","items":[{"productID":"B000000001","quantity":1}],"shippingAddress":null,"customer":{"id":"c"},"total":{"currency":"USD","amountCents":1}}`, []FieldError{{"shippingAddress", "is required"}}},
		"a total without an amount": {swap(`,"amountCents":0`, ``), []FieldError{{"total.amountCents", "is required"}}},
		"nothing at all": {`{}`, []FieldError{{"externalID", "is required"}, {"items", "is required"},
			{"shippingAddress", "is required"}, {"customer", "is required"}, {"total", "is required"}}},
		"null":               {`null`, []FieldError{{"", "must be an object"}}},
		"a list":             {`[]`, []FieldError{{"", "must be an object"}}},
		"an empty body":      {``, []FieldError{{"", "is not one JSON value"}}},
		"two values":         {least + least, []FieldError{{"", "is not one JSON value"}}},
		"a body cut short":   {least[:50], nil},
		"no JSON":            {`planted`, []FieldError{{"", "is not valid JSON at byte 1"}}},
		"invalid UTF-8":      {swap(`Ada`, "A\xff"), []FieldError{{"", "is not valid UTF-8"}}},
		"nested without end": {strings.Repeat("[", 100_000), []FieldError{{"", "is nested deeper than 16 levels"}}},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			_, err := Decode([]byte(tc.body))
			var body *BodyError
			if !errors.As(err, &body) {
				t.Fatalf("error %v, want a BodyError", err)
			}
			if diff := cmp.Diff(tc.want, body.Fields); tc.want != nil && diff != "" {
				t.Error(diff)
			}
			for _, f := range body.Fields {
				if strings.Contains(f.Detail+err.Error(), "planted") {
					t.Errorf("a value is quoted: %+v", f)
				}
			}
		})
	}
}

func TestDecodeAcceptsTheLeast(t *testing.T) {
	if _, err := Decode([]byte(least)); err != nil {
		t.Error(err)
	}
}

func TestManyUnknownFieldsMakeABoundedAnswer(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"x":1`)
	for i := range 500 {
		b.WriteString(`,"` + strings.Repeat("y", 1000+i) + `":1`)
	}
	b.WriteString(`}`)
	_, err := Decode([]byte(b.String()))
	var body *BodyError
	if !errors.As(err, &body) || len(body.Fields) > maxFieldErrors || len(body.Fields[5].Field) > maxFieldBytes+len("…") {
		t.Errorf("error %v with %d fields", err, len(body.Fields))
	}
}

func TestPayloadHashSpeaksOfThePayloadAlone(t *testing.T) {
	hash := func(src *v1alpha1.WebhookSource, body, requestID string) string {
		n, err := Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		o, err := Order(src, n, Input{RequestID: requestID, Delivery: requestID})
		if err != nil {
			t.Fatal(err)
		}
		return o.Annotations[v1alpha1.AnnotationPayloadHash]
	}
	want := hash(source(), full, "a")
	moved := source()
	moved.Spec.AccountRef.Name, moved.Spec.PolicyRef = "other", nil
	if got := hash(moved, strings.Join(strings.Fields(full), " "), "b"); got != want {
		t.Error("white space, request ID or the source's account change the hash")
	}
	for _, change := range [][2]string{{"78701", "78702"}, {`"quantity": 2`, `"quantity": 3`}, {"4000", "4001"}, {"pi_1", "pi_2"}} {
		if hash(source(), strings.Replace(full, change[0], change[1], 1), "a") == want {
			t.Errorf("%s → %s does not change the hash", change[0], change[1])
		}
	}
}
