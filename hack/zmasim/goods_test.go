package zmasim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// parcels gives the tracking of a placed order as text, an entry each.
func parcels(s *Server, id string) (list []string) {
	tracking, _ := get(s, id).JSON["tracking"].([]any)
	for _, p := range tracking {
		p, _ := p.(map[string]any)
		kind := func(name string) string {
			number, _ := p[name].(string)
			return number[:min(3, len(number))]
		}
		list = append(list, fmt.Sprintf("%v %s/%s %v", p["product_ids"], kind("tracking_number"), kind("retailer_tracking_number"), p["delivery_status"]))
	}
	return list
}

func TestEachPieceComesInAParcelOfItsOwn(t *testing.T) {
	s := start(t, Options{})
	products := []map[string]any{{"product_id": ProductPieces, "quantity": 2}, {"product_id": ProductOK, "quantity": 1}}
	id := post(s, body(ProductPieces, "k", with("products", products))).id(t)
	outcome(t, s, id)
	var steps []int
	for s.Advance(id) {
		steps = append(steps, len(parcels(s, id)))
	}
	if !slices.Equal(steps, []int{1, 1, 2, 2, 3, 3}) {
		t.Errorf("parcels after each step: %v", steps)
	}
	want := []string{"[PIECES0000] ZPY/TBA Delivered", "[PIECES0000] ZPY/TBA Delivered", "[B000000001] ZPY/TBA Delivered"}
	if got := parcels(s, id); !slices.Equal(got, want) {
		t.Errorf("parcels %q, want %q", got, want)
	}
}

func TestAParcelIsRenumberedWhenItArrives(t *testing.T) {
	s := start(t, Options{})
	id := post(s, body(ProductRenumbered, "k")).id(t)
	outcome(t, s, id)
	for _, want := range []string{"[RENUMBER00] /TBA InTransit", "[RENUMBER00] ZPY/ Delivered"} {
		s.Advance(id)
		if got := parcels(s, id); !slices.Equal(got, []string{want}) {
			t.Errorf("parcels %q, want %q", got, want)
		}
	}
}

func TestAStrangeMerchantOrderIsCancelledBesideThePlacedOne(t *testing.T) {
	s := start(t, Options{})
	r := outcome(t, s, post(s, body(ProductStranger, "k")).id(t))
	if own := merchantOrders(r); r.JSON["_type"] != "order_response" || len(own) != 1 || !strings.Contains(string(r.Raw), `"order.cancelled"`) || strings.Contains(string(r.Raw), own[0]+`"},"message":"The retailer cancelled`) {
		t.Errorf("got %s", r.Raw)
	}
}

func TestADiscountIsANegativePartOfTheSameTotal(t *testing.T) {
	s := start(t, Options{})
	r := outcome(t, s, post(s, body(ProductDiscount, "k")).id(t))
	p, _ := r.JSON["price_components"].(map[string]any)
	part := func(name string) int64 { n, _ := p[name].(float64); return int64(n) }
	want := Quote("cheapest", Line{ProductDiscount, 1}).Total
	if part("shipping") != -discountCents || part("total") != want || part("subtotal")+part("shipping")+part("tax") != want {
		t.Errorf("prices %v, want a total of %d", p, want)
	}
}

func TestItemsOfVersion2ArriveOrAreCancelled(t *testing.T) {
	s := startV2(t, Options{})
	two := func(first string) func(map[string]any) {
		return with("products", []map[string]any{{"url": "https://www.amazon.com/dp/" + first}, {"url": "https://www.amazon.com/dp/" + ProductOK}})
	}
	states := func(id string) (out []any) {
		items, _ := getV2(t, s, id).JSON["items"].([]any)
		for _, i := range items {
			i, _ := i.(map[string]any)
			out = append(out, i["status"])
		}
		return out
	}
	gone, pieces := postV2(t, s, bodyV2(ProductItemGone, "k1", two(ProductItemGone))).idV2(t), postV2(t, s, bodyV2(ProductPieces, "k2", two(ProductPieces))).idV2(t)
	for _, id := range []string{gone, pieces} {
		becomes(t, s, id, "order_placed")
		s.Advance(id)
		s.Advance(id)
	}
	if got := states(gone); !slices.Equal(got, []any{"delivered", "cancelled"}) {
		t.Errorf("items %v of an order with one cancelled", got)
	}
	if got := states(pieces); !slices.Equal(got, []any{"delivered", "ordered"}) {
		t.Errorf("items %v of an order that comes one by one", got)
	}
}

func TestChargesCanLackTheirSign(t *testing.T) {
	s := start(t, Options{Switches: Switches{UnsignedCharges: true}})
	outcome(t, s, post(s, body(ProductOK, "k")).id(t))
	list, _ := do(s, "GET", "/v1/addax/transactions", nil).JSON["transactions"].([]any)
	if len(list) != 1 {
		t.Fatalf("movements %v", list)
	}
	charge, _ := list[0].(map[string]any)
	if amount, _ := charge["amount"].(float64); charge["type"] != "zma_order" || int64(amount) != Quote("cheapest", Line{ProductOK, 1}).Total {
		t.Errorf("the charge is %v", charge)
	}
}
