package zmasim

import "testing"

// TestCancellingTwiceRefundsOnce: whoever asks again gets another cancellation,
// and no more money.
func TestCancellingTwiceRefundsOnce(t *testing.T) {
	s := start(t, Options{})
	opening := balanceOf(s)
	id := post(s, body(ProductSplit, "k")).id(t)
	merchant := merchantOrders(outcome(t, s, id))[0]
	share := map[string]any{"merchant_order_id": merchant}
	before := balanceOf(s)
	var refunded []int64
	for range 2 {
		x := do(s, "POST", "/v1/orders/"+id+"/cancel", share).id(t)
		eventually(t, "cancelled", func() bool {
			return do(s, "GET", "/v1/cancellations/"+x, nil).JSON["_type"] == "cancellation_response"
		})
		refunded = append(refunded, balanceOf(s)-before)
	}
	if refunded[0] <= 0 || refunded[1] != refunded[0] || balanceOf(s) >= opening {
		t.Errorf("refunds after each of two cancellations: %v", refunded)
	}
}

// TestTwoCancellationsAtOnceRefundOnce: the second one starts before the first
// has ended.
func TestTwoCancellationsAtOnceRefundOnce(t *testing.T) {
	s := start(t, Options{})
	opening := balanceOf(s)
	id := post(s, body(ProductOK, "k")).id(t)
	wanted := map[string]any{"merchant_order_id": merchantOrders(outcome(t, s, id))[0]}
	first := do(s, "POST", "/v1/orders/"+id+"/cancel", wanted).id(t)
	second := do(s, "POST", "/v1/orders/"+id+"/cancel", wanted).id(t)
	for _, x := range []string{first, second} {
		eventually(t, "cancelled", func() bool {
			return do(s, "GET", "/v1/cancellations/"+x, nil).JSON["_type"] == "cancellation_response"
		})
	}
	if got := balanceOf(s); first == second || got != opening {
		t.Errorf("balance %d, want %d", got, opening)
	}
}

// TestRetryIsRepeatableByItsOwnKeyAlone: the new order shows in the list under
// that key and not under the one of the order that it replaces.
func TestRetryIsRepeatableByItsOwnKeyAlone(t *testing.T) {
	s := start(t, Options{})
	id := post(s, body(ProductFailOnce("internal_error"), "first")).id(t)
	outcome(t, s, id)
	retry := func(key string) string {
		return do(s, "POST", "/v1/orders/"+id+"/retry", map[string]any{"idempotency_key": key}).id(t)
	}
	again := retry("second")
	if repeat, other := retry("second"), retry("third"); repeat != again || other == again || other == id {
		t.Errorf("retries gave %s, %s and %s", again, repeat, other)
	}
	keys := map[string]string{}
	for _, e := range listed(s, "") {
		keys[e.(map[string]any)["request_id"].(string)] = keyOf(e)
	}
	if keys[id] != "first" || keys[again] != "second" {
		t.Errorf("listed keys: %v", keys)
	}
}
