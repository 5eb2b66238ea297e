package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMappedOrdersAreAsStrictAsNativeOnes(t *testing.T) {
	order := func(old, new string) string { return swapIn(t, plainOrder, old, new) }
	cases := map[string]struct {
		order, body string
		want        []FieldError
	}{
		"no address": {order: order(`"shippingAddress": body.to, `, ``),
			want: []FieldError{{"shippingAddress", "is required"}}},
		"an address of null": {order: order(`body.to`, `null`),
			want: []FieldError{{"shippingAddress", "is required"}}},
		"an address left out because it is not there": {order: order(`"shippingAddress": body.to`, `?"shippingAddress": body.?recipient`),
			want: []FieldError{{"shippingAddress", "is required"}}},
		"an address with a part of null": {body: swapIn(t, plainBody, `"Austin"`, `null`),
			want: []FieldError{{"shippingAddress.city", "is required"}}},
		"an address with an empty part": {body: swapIn(t, plainBody, `"+15032234567"`, `""`),
			want: []FieldError{{"shippingAddress.phone", "is required"}}},
		"an address that is a list": {order: order(`body.to`, `[body.to]`),
			want: []FieldError{{"shippingAddress", "must be an object"}}},
		"an address with an unknown part": {body: swapIn(t, plainBody, `"city"`, `"street":"planted","city"`),
			want: []FieldError{{"shippingAddress.street", "is unknown"}}},
		"an unknown field": {order: order(`"items"`, `"colour": "planted", "items"`),
			want: []FieldError{{"colour", "is unknown"}}},
		"an account chosen by the body": {order: order(`"items"`, `"accountRef": {"name": "planted"}, "items"`),
			want: []FieldError{{"accountRef", "is unknown"}}},
		"an ID beside that of the mapping": {order: order(`"items"`, `"externalID": "planted", "items"`),
			want: []FieldError{{"externalID", "is what mapping.externalID yields"}}},
		"money with a fraction": {body: swapIn(t, plainBody, `"cents":100`, `"cents":9.99`),
			want: []FieldError{{"total.amountCents", "must be a whole number"}}},
		"money in a double that comes out even": {order: order(`body.cents`, `1.5 * 100.0`),
			want: []FieldError{{"total.amountCents", "must be a whole number"}}},
		"money as a string": {body: swapIn(t, plainBody, `"cents":100`, `"cents":"100"`),
			want: []FieldError{{"total.amountCents", "must be a whole number"}}},
		"no amount": {order: order(`, "amountCents": body.cents`, ``),
			want: []FieldError{{"total.amountCents", "is required"}}},
		"no items": {body: swapIn(t, plainBody, `[{"productID":"B000000001","quantity":1}]`, `[]`),
			want: []FieldError{{"items", "is required"}}},
		"nothing": {order: `{}`, want: []FieldError{{"items", "is required"},
			{"shippingAddress", "is required"}, {"customer", "is required"}, {"total", "is required"}}},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			if tc.order == "" {
				tc.order = plainOrder
			}
			if tc.body == "" {
				tc.body = plainBody
			}
			orders, err := compiledSource(t, mapped("", plainID, tc.order)).Orders(t.Context(), Input{Body: []byte(tc.body)})
			var body *BodyError
			if !errors.As(err, &body) || orders != nil {
				t.Fatalf("%d orders, error %v, want a BodyError", len(orders), err)
			}
			if diff := cmp.Diff(tc.want, body.Fields); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheWrongOneOfSeveralIsNamed(t *testing.T) {
	ids := `["a", "b"]`
	second := func(address string) string { return swapIn(t, plainBody, `"buyer"`, `"second":`+address+`,"buyer"`) }
	cases := map[string]struct {
		order, body string
		want        []FieldError
	}{
		"no address":         {twoOrder, second(`null`), []FieldError{{"orders[1].shippingAddress", "is required"}}},
		"an unknown field":   {twoOrder, second(`{"street":"x"}`), []FieldError{{"orders[1].shippingAddress.street", "is unknown"}}},
		"an ID of its own":   {swapIn(t, twoOrder, `[{`, `[{"externalID": "x",`), second(`{}`), nil},
		"both without items": {twoOrder, swapIn(t, plainBody, `"lines":[{"productID":"B000000001","quantity":1}]`, `"lines":[]`), []FieldError{{"orders[0].items", "is required"}, {"orders[1].items", "is required"}}},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			orders, err := compiledSource(t, mapped("", ids, tc.order)).Orders(t.Context(), Input{Body: []byte(tc.body)})
			var body *BodyError
			if !errors.As(err, &body) || orders != nil {
				t.Fatalf("%d orders, error %v, want a BodyError", len(orders), err)
			}
			if diff := cmp.Diff(tc.want, body.Fields); tc.want != nil && diff != "" {
				t.Error(diff)
			}
			if !strings.HasPrefix(body.Fields[0].Field, "orders[") {
				t.Errorf("the order is not named: %+v", body.Fields)
			}
		})
	}
}

func TestIDsAndOrdersMustFitTogether(t *testing.T) {
	fifty := `[0,1,2,3,4,5,6,7,8,9].map(a, dyn([0,1,2,3,4].map(b, {})))`
	cases := map[string]struct{ id, order, field, detail string }{
		"one ID for two orders":      {`"a"`, twoOrder, "mapping.externalID", "yields 1 IDs for 2 orders"},
		"two IDs for one order":      {`["a", "b"]`, plainOrder, "mapping.externalID", "yields 2 IDs for 1 orders"},
		"the same ID twice":          {`["a", "a"]`, twoOrder, "mapping.externalID", "yields the same ID for two orders"},
		"an empty ID":                {`""`, plainOrder, "mapping.externalID", "yields an empty string"},
		"an ID that is a number":     {`body.cents`, plainOrder, "mapping.externalID", "must yield a string or a list of strings, not int"},
		"an ID that is no string":    {`["a", body.cents]`, twoOrder, "mapping.externalID", "must yield a string or a list of strings, not int"},
		"an ID that may be there":    {`dyn(body.?no)`, plainOrder, "mapping.externalID", "must yield a string or a list of strings, not optional_type"},
		"no IDs":                     {`[]`, `[]`, "mapping.externalID", "yields an empty list"},
		"no orders":                  {`"a"`, `[]`, "mapping.order", "yields an empty list"},
		"an order that is a string":  {`"a"`, `body.by`, "mapping.order", "must yield an object or a list of objects, not string"},
		"an order that is null":      {`"a"`, `body.?x.orValue(null)`, "mapping.order", "must yield an object or a list of objects, not null_type"},
		"orders in a list of a list": {`"a"`, fifty, "mapping.order", "must yield an object or a list of objects, not list"},
		"more than fifty":            {`"a"`, `[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0].map(a, {})`, "mapping.order", "yields more than 50"},
		"a key that is not there":    {`body.number`, plainOrder, "mapping.externalID:1:5", "no such key: number"},
		"a part that may be there":   {plainID, `{"items": body.?lines}`, "mapping.order", "items is optional_type, which no order holds"},
		"bytes":                      {plainID, `{"items": [{"title": b"x"}]}`, "mapping.order", "items[0].title is bytes, which no order holds"},
		"a key that is no string":    {plainID, `{"items": {1: 2}}`, "mapping.order", "items has a key that is no string"},
		"a number that is none":      {plainID, `{"items": 0.0 / 0.0}`, "mapping.order", "items is double, which no order holds"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			orders, err := compiledSource(t, mapped("", tc.id, tc.order)).Orders(t.Context(), Input{Body: []byte(plainBody)})
			var failed *ExpressionError
			if !errors.As(err, &failed) || orders != nil {
				t.Fatalf("%d orders, error %v, want an ExpressionError", len(orders), err)
			}
			if diff := cmp.Diff([]FieldError{{tc.field, tc.detail}}, failed.Fields); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoErrorTextHoldsAValueOfTheBody(t *testing.T) {
	body := swapIn(t, plainBody, `"kind":"paid"`, `"kind":"planted"`)
	for reason, src := range map[string][3]string{
		"a number that is none": {"", plainID, swapIn(t, plainOrder, `body.cents`, `int(body.kind)`)},
		"a key from the body":   {"", plainID, swapIn(t, plainOrder, `body.cents`, `body[body.kind]`)},
		"an amount":             {"", plainID, swapIn(t, plainOrder, `body.cents`, `minorUnits(body.kind, "USD")`)},
		"a field of its name":   {"", plainID, swapIn(t, plainOrder, `"items"`, `body.kind: 1, "items"`)},
		"a filter":              {"body[body.kind]", plainID, plainOrder},
		"an ID":                 {"", `body[body.kind]`, plainOrder},
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := compiledSource(t, mapped(src[0], src[1], src[2])).Orders(t.Context(), Input{Body: []byte(body)})
			if err == nil || strings.Contains(fmt.Sprint(err), "planted") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestCardNumbersThatAnExpressionPutsTogetherAreRefused(t *testing.T) {
	body := swapIn(t, plainBody, `"no"`, `"p":"41111111","q":"11111111","n":41111111,"no"`)
	for reason, change := range map[string][2]string{
		"in a string":       {`"items"`, `"gift": {"message": body.p + body.q}, "items"`},
		"in a key":          {`"items"`, `body.p + body.q: 1, "items"`},
		"in a whole one":    {`body.cents`, `body.n * 100000000 + 11111111`},
		"in the order's ID": {``, ``},
	} {
		t.Run(reason, func(t *testing.T) {
			id, order := plainID, plainOrder
			if change[0] == "" {
				id = `body.p + body.q`
			} else {
				order = swapIn(t, plainOrder, change[0], change[1])
			}
			_, err := compiledSource(t, mapped("", id, order)).Orders(t.Context(), Input{Body: []byte(body)})
			if !errors.Is(err, ErrCardData) {
				t.Errorf("error %v, want ErrCardData", err)
			}
		})
	}
}

func TestACardNumberCountsMoreThanWhatElseIsWrong(t *testing.T) {
	for reason, body := range map[string]string{
		"a key given twice":      `{"a":1,"a":2,"b":"4111 1111 1111 1111"}`,
		"a number out of range":  `{"a":99999999999999999999,"b":"4111111111111111"}`,
		"a filter that is false": swapIn(t, plainBody, `"no"`, `"card":"4111111111111111","no"`),
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := compiledSource(t, mapped("false", plainID, plainOrder)).Orders(t.Context(), Input{Body: []byte(body)})
			if !errors.Is(err, ErrCardData) {
				t.Errorf("error %v, want ErrCardData", err)
			}
		})
	}
}
