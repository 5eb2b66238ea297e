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
		"of one that was never named":     {`[{"type":"order.cancelled","data":{"merchant_order_id":"112-9"}}]`, Placed, nil},
		"of one that can't be read":       {`[{"type":"order.cancelled","data":{"merchant_order_id":7}}]`, Placed, nil},
		"of none, by an empty name":       {`[{"type":"order.cancelled","data":{"merchant_order_id":"","merchant_order_ids":[]}}]`, CancelledByRetailer, []string{"112-1", "112-2"}},
		"of all, by their names":          {`[{"type":"order.cancelled","data":{"merchant_order_ids":["112-2",{"merchant_order_id":"112-1"}]}}]`, CancelledByRetailer, []string{"112-2", "112-1"}},
		"of one in a list, and a strange": {`[{"type":"order.cancelled","data":{"merchant_order_id":["112-2","112-9"]}}]`, Placed, []string{"112-2"}},
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

// TestCancellationsOfStrangeMerchantOrdersAreNoted: they cancel nothing that is known,
// and must not vanish either.
func TestCancellationsOfStrangeMerchantOrdersAreNoted(t *testing.T) {
	o, err := parseOrder([]byte(`{"_type":"order_response","merchant_order_ids":[{"merchant_order_id":"112-1"}],"status_updates":[
		{"type":"order.cancelled","data":{"merchant_order_id":"112-9"}},{"type":"order.cancelled","data":{"merchant_order_id":"112-9"}},
		{"type":"order.cancelled","data":{"merchant_order_id":{"a":1}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.observation()
	if diff := cmp.Diff([]string{"112-9", ""}, got.StrayCancellations); diff != "" || err != nil || got.Phase != Placed {
		t.Errorf("phase %s, %v, strangers %s", got.Phase, err, diff)
	}
}

// TestPricesHoldNoNegativePart: the books take none, and an order whose price they
// refuse would never be on record. The parts still sum to the total.
func TestPricesHoldNoNegativePart(t *testing.T) {
	for name, c := range map[string]struct {
		prices string
		want   *Price
	}{
		"a discount as shipping": {`"subtotal":4000,"shipping":-599,"tax":320,"total":3721`, &Price{SubtotalCents: 4000, TaxCents: 320, AdjustmentCents: -599, TotalCents: 3721}},
		"a discount as tax":      {`"subtotal":4000,"shipping":0,"tax":-1,"total":3999`, &Price{SubtotalCents: 4000, AdjustmentCents: -1, TotalCents: 3999}},
		"goods for less than no": {`"subtotal":-5,"shipping":599,"tax":0,"total":594`, &Price{ShippingCents: 599, AdjustmentCents: -5, TotalCents: 594}},
		"parts that fall short":  {`"subtotal":-5,"shipping":599,"tax":0,"total":700`, &Price{ShippingCents: 599, AdjustmentCents: 101, TotalCents: 700}},
		"for nothing":            {`"subtotal":500,"shipping":-500,"tax":0,"total":0`, &Price{SubtotalCents: 500, AdjustmentCents: -500}},
		"for less than nothing":  {`"subtotal":500,"shipping":-600,"tax":0,"total":-100`, nil},
	} {
		o, err := parseOrder([]byte(`{"_type":"order_response","price_components":{` + c.prices + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.observation()
		if diff := cmp.Diff(c.want, got.Price); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestParcelsAreReadOnceWithTheirGoods: the retailer's and the provider's number of one
// parcel must not become two parcels, of which one never arrives.
func TestParcelsAreReadOnceWithTheirGoods(t *testing.T) {
	for name, c := range map[string]struct {
		tracking string
		want     []Parcel
	}{
		"both numbers in one entry": {`[{"tracking_number":"ZPY1","retailer_tracking_number":"TBA1","merchant_order_id":"112-1","product_ids":["A","A"],"delivery_status":"Delivered"}]`,
			[]Parcel{{Number: "ZPY1", OtherNumber: "TBA1", MerchantOrderIDs: []string{"112-1"}, Products: []string{"A", "A"}, Delivered: true}}},
		"the retailer's alone": {`[{"retailer_tracking_number":"TBA1"}]`, []Parcel{{Number: "TBA1"}}},
		"one entry each": {`[{"carrier":"AMZL","retailer_tracking_number":"TBA1","product_ids":["A"],"delivery_status":"InTransit"},{"carrier":"ZNLOGIC","tracking_number":"ZPY1","retailer_tracking_number":"TBA1","product_ids":["A"],"delivery_status":"Delivered"}]`,
			[]Parcel{{Carrier: "AMZL", Number: "ZPY1", OtherNumber: "TBA1", Products: []string{"A"}, Delivered: true}}},
		"three entries that one of them connects": {`[{"tracking_number":"ZPY1"},{"tracking_number":"TBA1"},{"tracking_number":"ZPY1","retailer_tracking_number":"TBA1"}]`,
			[]Parcel{{Number: "ZPY1", OtherNumber: "TBA1"}}},
		"an entry for each product": {`[{"tracking_number":"1Z","product_id":"A"},{"tracking_number":"1Z","product_id":"B"},{"tracking_number":"1Z","product_id":"A"}]`,
			[]Parcel{{Number: "1Z", Products: []string{"A", "B"}}}},
		"an entry for each merchant order": {`[{"tracking_number":"1Z","merchant_order_id":"112-1"},{"tracking_number":"1Z","merchant_order_id":"112-2"}]`,
			[]Parcel{{Number: "1Z", MerchantOrderIDs: []string{"112-1", "112-2"}}}},
		"two without numbers stay two": {`[{"carrier":"UPS"},{"carrier":"UPS"}]`, []Parcel{{Carrier: "UPS"}, {Carrier: "UPS"}}},
		"odd products are left out":    {`[{"tracking_number":"1Z","product_ids":["A",7,{"product_id":"B"},{}]}]`, []Parcel{{Number: "1Z", Products: []string{"A", "B"}}}},
	} {
		o, err := parseOrder([]byte(`{"_type":"order_response","tracking":` + c.tracking + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.observation()
		if diff := cmp.Diff(c.want, got.Parcels); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestMerchantOrdersNameTheirProducts(t *testing.T) {
	o, err := parseOrder([]byte(`{"_type":"order_response","merchant_order_ids":[{"merchant_order_id":"112-1","product_ids":["A","B"]},{"merchant_order_id":"112-2"},"112-3"]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.observation()
	if diff := cmp.Diff(map[string][]string{"112-1": {"A", "B"}}, got.Products); diff != "" || err != nil || len(got.MerchantOrderIDs) != 3 {
		t.Errorf("%v, %v, products %s", got.MerchantOrderIDs, err, diff)
	}
}
