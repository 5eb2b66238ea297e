package mapping

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Postgres holds no NUL: an order with one would be acknowledged, stored, and
// never bought.
func TestTextThatCannotBeStoredIsRefusedByField(t *testing.T) {
	customer := swapIn(t, plainOrder, `"id": body.by`, `"id": body.m.map(k, k)[0]`)
	keyed := swapIn(t, plainBody, `"no"`, `"m":{"a\u0000b":1},"no"`)
	for reason, tc := range map[string]struct {
		id, order, body string
		want            FieldError
	}{
		"in a key that becomes a customer": {plainID, customer, keyed, FieldError{"m", "has a key that holds a NUL character"}},
		"in a key that nothing reads":      {plainID, plainOrder, keyed, FieldError{"m", "has a key that holds a NUL character"}},
		"in a key of the body itself":      {plainID, plainOrder, swapIn(t, plainBody, `"no"`, `"\u0000":1,"no"`), FieldError{"", "has a key that holds a NUL character"}},
		"in a value":                       {plainID, plainOrder, swapIn(t, plainBody, `"Austin"`, `"Aus\u0000tin"`), FieldError{"to.city", "holds a NUL character"}},
		"in what an expression writes":     {plainID, swapIn(t, plainOrder, `body.by`, `"a\x00b"`), plainBody, FieldError{"mapping.order", "customer.id holds a NUL character"}},
		"in a key that it writes":          {plainID, swapIn(t, plainOrder, `"id": body.by`, `"id": body.by, "a\x00": 1`), plainBody, FieldError{"mapping.order", "customer has a key that holds a NUL character"}},
		"in bytes made text":               {plainID, swapIn(t, plainOrder, `body.by`, `string(b"a\000b")`), plainBody, FieldError{"mapping.order", "customer.id holds a NUL character"}},
		"in an ID":                         {`"a\u0000b"`, plainOrder, plainBody, FieldError{"mapping.externalID", "holds a NUL character"}},
	} {
		t.Run(reason, func(t *testing.T) {
			orders, err := compiledSource(t, mapped("", tc.id, tc.order)).Orders(t.Context(), Input{Body: []byte(tc.body)})
			var body *BodyError
			var failed *ExpressionError
			var got []FieldError
			switch {
			case errors.As(err, &body):
				got = body.Fields
			case errors.As(err, &failed):
				got = failed.Fields
			}
			if diff := cmp.Diff([]FieldError{tc.want}, got); diff != "" || orders != nil {
				t.Errorf("%d orders, %v: %s", len(orders), err, diff)
			}
		})
	}
	if _, err := Decode([]byte(`{"items":[{"a\u0000":1}]}`)); err == nil {
		t.Error("a native body with a key that holds NUL is decoded")
	}
}
