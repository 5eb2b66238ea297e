package zmasim

import (
	"encoding/json"
	"testing"
	"time"
)

func TestQuoteAddsUp(t *testing.T) {
	for _, method := range []string{"cheapest", "fastest", "free"} {
		for _, quantity := range []int64{1, 3, 10} {
			p := Quote(method, Line{ProductOK, quantity}, Line{ProductSplit, 1})
			if p.Subtotal != PriceOf(ProductOK)*quantity+PriceOf(ProductSplit) || p.Total != p.Subtotal+p.Shipping+p.Tax {
				t.Errorf("%s, %d: %+v", method, quantity, p)
			}
			free := method != "fastest" && p.Subtotal > 2500
			if (p.Shipping == 0) != free || !free && p.Shipping != 599 {
				t.Errorf("%s, %d: shipping of %+v", method, quantity, p)
			}
			if off := p.Tax*100 - p.Subtotal*8; off < -50 || off > 50 {
				t.Errorf("%s, %d: tax of %+v", method, quantity, p)
			}
		}
	}
}

func TestMaxPriceIsComparedWithTheWholeTotal(t *testing.T) {
	total := Quote("cheapest", Line{ProductOK, 1}).Total
	for _, tc := range []struct {
		reason string
		limit  int64
		code   string
	}{
		{"exactly the total is enough", total, ""},
		{"one cent less is not", total - 1, "max_price_exceeded"},
		{"the goods' price alone is not", PriceOf(ProductOK), "max_price_exceeded"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			s := start(t, Options{})
			r := outcome(t, s, post(s, body(ProductOK, "k", with("max_price", tc.limit))).id(t))
			if r.code() != tc.code {
				t.Errorf("got %s", r.Raw)
			}
		})
	}
}

func TestBalanceIsDebitedOnceAndOnlyForAPurchase(t *testing.T) {
	total := Quote("cheapest", Line{ProductOK, 1}).Total
	unsure := ProductFor("order_probably_placed")
	tests := map[string]struct {
		product string
		balance int64
		debit   int64
		code    string
	}{
		"success":                         {ProductOK, total, total, ""},
		"one cent short":                  {ProductOK, total - 1, 0, "insufficient_zma_balance"},
		"failure costs nothing":           {ProductFor("internal_error"), 100_000, 0, "internal_error"},
		"probably placed has been bought": {unsure, 100_000, Quote("cheapest", Line{unsure, 1}).Total, "order_probably_placed"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{BalanceCents: tc.balance})
			for range 3 { // repeats with the key debit nothing more
				if r := outcome(t, s, post(s, body(tc.product, "k")).id(t)); r.code() != tc.code {
					t.Fatalf("ended with %s", r.Raw)
				}
			}
			if got := balanceOf(s); got != tc.balance-tc.debit {
				t.Errorf("balance %d, want %d", got, tc.balance-tc.debit)
			}
			var spent int64
			for _, p := range s.Record().PurchasesOf(identity) {
				spent += p.TotalCents
			}
			if spent != tc.debit {
				t.Errorf("record says %d, want %d", spent, tc.debit)
			}
		})
	}
}

func TestTransactionsAddUpToTheBalance(t *testing.T) {
	s := start(t, Options{BalanceCents: 100_000})
	s.SetBalance(50_000)
	outcome(t, s, post(s, body(ProductOK, "k")).id(t))
	r := do(s, "GET", "/v1/addax/transactions", nil)
	var got struct{ Transactions []transaction }
	if err := json.Unmarshal(r.Raw, &got); err != nil {
		t.Fatal(err)
	}
	sum := int64(100_000)
	for _, x := range got.Transactions {
		sum += x.Amount
	}
	if len(got.Transactions) != 2 || sum != balanceOf(s) || got.Transactions[0].Type != "order" {
		t.Errorf("balance %d, transactions %+v", balanceOf(s), got.Transactions)
	}
	if page := do(s, "GET", "/v1/addax/transactions?count=1&offset=1", nil).JSON["transactions"].([]any); len(page) != 1 ||
		page[0].(map[string]any)["type"] != "funding" {
		t.Errorf("second page: %v", page)
	}
}

func TestBalanceShapes(t *testing.T) {
	for shape, fields := range map[BalanceShape][]string{
		BalanceFull: {"balance", "available_balance", "pending_charges", "currency"}, BalancePlain: {"balance"},
		BalanceAvailable: {"available_balance"}, BalanceUnreadable: {"account"},
	} {
		s := start(t, Options{Switches: Switches{Balance: shape}})
		got := do(s, "GET", "/v1/addax/balance", nil).JSON
		for _, f := range fields {
			if _, ok := got[f]; !ok || len(got) != len(fields) {
				t.Errorf("%q: %v, want %v", shape, got, fields)
			}
		}
	}
}

func TestCancellation(t *testing.T) {
	tests := map[string]struct {
		product   string
		ship      bool
		attempts  bool // attempting_to_cancel is seen by the callback
		cancelled bool
	}{
		"over attempting_to_cancel": {ProductOK, false, true, true},
		"at once":                   {ProductCancelDirect, false, false, true},
		"refused":                   {ProductCancelRefused, false, true, false},
		"shipped already":           {ProductOK, true, true, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, hooks := start(t, Options{}), receive(t)
			id := post(s, body(tc.product, "k")).id(t)
			merchant := merchantOrders(outcome(t, s, id))[0]
			if tc.ship {
				s.Advance(id)
			}
			before := balanceOf(s)
			b := map[string]any{"merchant_order_id": merchant}
			hooks.hooks("request_succeeded", "request_failed")(b)
			x := do(s, "POST", "/v1/orders/"+id+"/cancel", b).id(t)
			want := map[bool]string{true: "cancellation_response", false: "cancellation_refused"}[tc.cancelled]
			eventually(t, want, func() bool {
				r := do(s, "GET", "/v1/cancellations/"+x, nil)
				return r.JSON["_type"] == want || r.code() == want
			})
			calls := map[bool]int{true: 2, false: 1}[tc.attempts]
			eventually(t, "the callbacks", func() bool { return len(hooks.all()) == calls })
			total := s.Record().Purchases[0].TotalCents
			if refunded := balanceOf(s) - before; refunded != map[bool]int64{true: total}[tc.cancelled] {
				t.Errorf("refunded %d of %d", refunded, total)
			}
			if got := s.Record().Purchases[0].Cancelled; got != tc.cancelled {
				t.Errorf("purchase cancelled: %v", got)
			}
		})
	}
}

func TestCancelWantsAPlacedOrderAndItsMerchantOrder(t *testing.T) {
	s := start(t, Options{})
	stuck := post(s, body(ProductStuck, "k1")).id(t)
	placed := post(s, body(ProductOK, "k2")).id(t)
	outcome(t, s, placed)
	for id, code := range map[string]string{stuck: "invalid_request", placed: "invalid_request", "ffff": "invalid_request_id"} {
		if r := do(s, "POST", "/v1/orders/"+id+"/cancel", map[string]any{"merchant_order_id": "112-0"}); r.code() != code {
			t.Errorf("got %s, want %s", r.Raw, code)
		}
	}
}

func TestSplitOrderIsCancelledOnlyWithItsLastMerchantOrder(t *testing.T) {
	s := start(t, Options{})
	id := post(s, body(ProductSplit, "k")).id(t)
	opening := balanceOf(s)
	merchants := merchantOrders(outcome(t, s, id))
	if len(merchants) != 2 || merchants[0] == merchants[1] {
		t.Fatalf("merchant orders: %v", merchants)
	}
	for i, m := range merchants {
		x := do(s, "POST", "/v1/orders/"+id+"/cancel", map[string]any{"merchant_order_id": m}).id(t)
		eventually(t, "cancelled", func() bool {
			return do(s, "GET", "/v1/cancellations/"+x, nil).JSON["_type"] == "cancellation_response"
		})
		if got := s.Record().Purchases[0].Cancelled; got != (i == 1) {
			t.Errorf("after %d of 2: cancelled %v", i+1, got)
		}
	}
	if got := balanceOf(s); got != opening {
		t.Errorf("balance %d, want all of %d back", got, opening)
	}
}

func TestRetailerCancelShowsInUpdatesAndCase(t *testing.T) {
	s, hooks := start(t, Options{}), receive(t)
	opening := balanceOf(s)
	id := post(s, body(ProductRetailerCancel, "k", hooks.hooks("case_updated"))).id(t)
	eventually(t, "case_updated", func() bool { return len(hooks.all()) == 1 })
	r := get(s, id)
	updates := r.JSON["status_updates"].([]any)
	if last := updates[len(updates)-1].(map[string]any); r.JSON["_type"] != "order_response" || last["type"] != "order.cancelled" {
		t.Errorf("got %s", r.Raw)
	}
	if k := do(s, "GET", "/v1/orders/"+id+"/case", nil); k.JSON["state"] != "open" || len(k.JSON["messages"].([]any)) != 2 {
		t.Errorf("case %s", k.Raw)
	}
	if got := balanceOf(s); got != opening || !s.Record().Purchases[0].Cancelled {
		t.Errorf("balance %d, want %d back", got, opening)
	}
}

func TestCaseOpensByReasonAndGrowsByMessage(t *testing.T) {
	s := start(t, Options{})
	id := post(s, body(ProductOK, "k")).id(t)
	path := "/v1/orders/" + id + "/case"
	if r := do(s, "GET", path, nil); r.JSON["state"] != nil {
		t.Errorf("at first %s", r.Raw)
	}
	for _, wrong := range []map[string]any{{"message": "hello"}, {"reason": "boredom", "message": "hello"}} {
		if r := do(s, "POST", path, wrong); r.code() != "invalid_request" {
			t.Errorf("%v accepted: %s", wrong, r.Raw)
		}
	}
	do(s, "POST", path, map[string]any{"reason": "nondelivery.damaged", "message": "broken"})
	r := do(s, "POST", path, map[string]any{"message": "see picture"})
	messages := r.JSON["messages"].([]any)
	if r.JSON["state"] != "open" || len(messages) != 2 || messages[0].(map[string]any)["type"] != "case.opened.nondelivery.damaged" {
		t.Errorf("got %s", r.Raw)
	}
}

func TestTrackingGoesByItselfWhenDeliveryIsSet(t *testing.T) {
	s := start(t, Options{Delivery: 20 * time.Millisecond})
	id := post(s, body(ProductSplit, "k")).id(t)
	eventually(t, "three parcels delivered", func() bool {
		tracking, _ := get(s, id).JSON["tracking"].([]any)
		delivered := 0
		for _, p := range tracking {
			if p.(map[string]any)["delivery_status"] == "Delivered" {
				delivered++
			}
		}
		return delivered == 3
	})
}

func balanceOf(s *Server) int64 {
	balance, _ := do(s, "GET", "/v1/addax/balance", nil).JSON["balance"].(float64)
	return int64(balance)
}

func merchantOrders(r reply) (ids []string) {
	list, _ := r.JSON["merchant_order_ids"].([]any)
	for _, m := range list {
		ids = append(ids, m.(map[string]any)["merchant_order_id"].(string))
	}
	return ids
}
