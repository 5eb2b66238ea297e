package zma

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCancellationsNameTheirMerchantOrders: one of two that was cancelled must not
// make the whole order cancelled, and what can't be assigned must not be overlooked.
func TestCancellationsNameTheirMerchantOrders(t *testing.T) {
	const of = `{"_type":"order_response","merchant_order_ids":[{"merchant_order_id":"112-1"},{"merchant_order_id":"112-2"}],"status_updates":`
	for name, c := range map[string]struct {
		updates   string
		phase     Phase
		cancelled []string
	}{
		"none":                            {`[{"type":"request.placed"}]`, Placed, nil},
		"one of two":                      {`[{"type":"request.cancelled","data":{"merchant_order_id":"112-1"}}]`, Placed, []string{"112-1"}},
		"one of two, told twice":          {`[{"type":"request.cancelled","data":{"merchant_order_id":"112-1"}},{"type":"order.cancelled","data":{"merchant_order_id":"112-1"}}]`, Placed, []string{"112-1"}},
		"both, one after the other":       {`[{"type":"request.cancelled","data":{"merchant_order_id":"112-2"}},{"type":"request.cancelled","data":{"merchant_order_id":"112-1"}}]`, CancelledByRetailer, []string{"112-2", "112-1"}},
		"without saying which":            {`[{"type":"order.cancelled"}]`, CancelledByRetailer, []string{"112-1", "112-2"}},
		"of one that was never named":     {`[{"type":"order.cancelled","data":{"merchant_order_id":"112-9"}}]`, CancelledByRetailer, []string{"112-1", "112-2"}},
		"one first, then the whole order": {`[{"type":"request.cancelled","data":{"merchant_order_id":"112-1"}},{"type":"order.cancelled"}]`, CancelledByRetailer, []string{"112-1", "112-2"}},
		"an update of another type":       {`[{"type":"shipment.lost","data":{"merchant_order_id":"112-1"}}]`, Placed, nil},
	} {
		o, err := parseOrder([]byte(of + c.updates + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.observation()
		if err != nil || got.Phase != c.phase {
			t.Errorf("%s: phase %s, %v; want %s", name, got.Phase, err, c.phase)
		}
		if diff := cmp.Diff(c.cancelled, got.CancelledMerchantOrders); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
