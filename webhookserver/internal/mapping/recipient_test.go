package mapping

import (
	"encoding/json"
	"strings"
	"testing"
)

// without calls do with the body once for each of its members, deep ones too,
// with that member left out, and once with null in its place.
func without(t *testing.T, body []byte, do func(left string, body []byte)) {
	t.Helper()
	var whole any
	if err := json.Unmarshal(body, &whole); err != nil {
		t.Fatal(err)
	}
	send := func(left string) {
		changed, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		do(left, changed)
	}
	var visit func(at string, v any)
	visit = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, member := range v {
				delete(v, key)
				send("without " + at + "." + key)
				v[key] = nil
				send("null for " + at + "." + key)
				v[key] = member
				visit(at+"."+key, member)
			}
		case []any:
			for _, element := range v {
				visit(at+"[]", element)
			}
		}
	}
	visit("body", whole)
}

// Whatever a sender leaves out, the goods go to the recipient whom it named, or
// nowhere: never to the buyer, nor one recipient's to another.
func TestWhateverIsLeftOutNothingGoesToTheBuyer(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.title, func(t *testing.T) {
			m := compiledSource(t, e.source)
			refused, tried := 0, 0
			without(t, e.body, func(left string, body []byte) {
				tried++
				// The map of the body was read with floats; IDs are not what is tested.
				orders, err := m.Orders(t.Context(), Input{Body: body, Header: e.header})
				if err != nil {
					refused++
					return
				}
				if len(orders) != len(e.want) {
					t.Errorf("%s: %d orders, want %d", left, len(orders), len(e.want))
					return
				}
				for i, o := range orders {
					wantComplete(t, o)
					a, want := o.Spec.ShippingAddress, e.want[i].ShippingAddress
					// Optional parts may be missing; none may be another's.
					a.Line2, a.State, want.Line2, want.State = "", "", "", ""
					if a != want || strings.Contains(o.Spec.ShippingAddress.Line2, "Billing") {
						t.Errorf("%s: goes to %+v", left, a)
					}
				}
			})
			if refused < len(e.want)*7 || refused == tried {
				t.Errorf("%d of %d refused", refused, tried)
			}
		})
	}
}
