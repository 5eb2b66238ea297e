package zma

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// simulatorV2 starts one that serves version 2, and a client of it.
func simulatorV2(t *testing.T, o zmasim.Options) (*zmasim.Server, Client) {
	t.Helper()
	o.V2 = true
	sim := simulator(t, o)
	return sim, clientV2(t, sim.V2URL())
}

// TestVersion2BuysFindsAndReadsOneOrder, from the first call to the last parcel.
func TestVersion2BuysFindsAndReadsOneOrder(t *testing.T) {
	sim, c := simulatorV2(t, zmasim.Options{})
	since := time.Now().Add(-time.Minute)
	if found, err := c.Find(t.Context(), key, ours, 1, since); found != nil || err != nil {
		t.Fatalf("found %v (%v) before anything was sent", found, err)
	}
	first, again := c.Submit(t.Context(), request()), c.Submit(t.Context(), request())
	if first.Verdict != Accepted || again.Verdict != Unknown || again.Code != "already_exists" {
		t.Fatalf("first %+v, repeat %+v", first, again)
	}
	seen := until(t, c, first.RequestID, placed)
	if p := seen.Price; p == nil || p.SubtotalCents+p.ShippingCents+p.TaxCents+p.AdjustmentCents != p.TotalCents || p.TotalCents == 0 {
		t.Fatalf("price = %+v", p)
	}
	found, err := c.Find(t.Context(), key, ours, 1, since)
	if diff := cmp.Diff(&seen, found); diff != "" || err != nil {
		t.Errorf("Find: %v (-read +found):\n%s", err, diff)
	}
	if seen.Key != key || seen.Identity != ours || seen.Attempt != 1 || len(seen.MerchantOrderIDs) != 1 || time.Since(seen.CreatedAt) > time.Minute {
		t.Errorf("the order is read as %+v", seen)
	}
	balance, err := c.Balance(t.Context())
	if want := (Balance{AvailableCents: 10_000_000 - seen.Price.TotalCents}); balance != want || err != nil {
		t.Errorf("balance = %+v, %v, want %+v", balance, err, want)
	}
	for sim.Advance(first.RequestID) {
	}
	until(t, c, first.RequestID, func(o Observation) bool { return len(o.Parcels) == 1 && o.Parcels[0].Delivered })
	if n := len(sim.Record().PurchasesOf(ours)); n != 1 {
		t.Errorf("%d purchases, want 1", n)
	}
}

// TestALostAnswerOfVersion2IsFoundByItsNotes, and its repeat buys nothing.
func TestALostAnswerOfVersion2IsFoundByItsNotes(t *testing.T) {
	for name, c := range map[string]struct {
		fault zmasim.Fault
		want  Verdict
		made  bool // there is an order
	}{
		"the connection is lost before the call counts": {zmasim.Fault{Kind: zmasim.DropBefore}, Unknown, false},
		"the connection is lost after it":               {zmasim.Fault{Kind: zmasim.DropAfter}, Unknown, true},
		"a server error before it":                      {zmasim.Fault{Kind: zmasim.ErrorBefore}, Unknown, false},
		"a server error after it":                       {zmasim.Fault{Kind: zmasim.ErrorAfter, Status: 503}, Unknown, true},
		"a gateway's page before it":                    {zmasim.Fault{Kind: zmasim.HTML502}, Unknown, false},
		"a gateway's page after it":                     {zmasim.Fault{Kind: zmasim.HTML502After}, Unknown, true},
		"an answer that can't be read":                  {zmasim.Fault{Kind: zmasim.Malformed}, Unknown, true},
		"an answer without an ID":                       {zmasim.Fault{Kind: zmasim.NoRequestID}, Unknown, true},
		"too many requests":                             {zmasim.Fault{Kind: zmasim.TooManyRequests, RetryAfter: 7 * time.Second}, NotSent, false},
	} {
		t.Run(name, func(t *testing.T) {
			sim, client := simulatorV2(t, zmasim.Options{})
			c.fault.Method, c.fault.PathPrefix, c.fault.Times = "POST", "/orders", 1
			sim.AddFault(c.fault)
			if first := client.Submit(t.Context(), request()); first.Verdict != c.want || first.RetryAfter != c.fault.RetryAfter {
				t.Fatalf("first call: %+v, want %s", first, c.want)
			}
			found, err := client.Find(t.Context(), key, ours, 1, time.Now().Add(-time.Minute))
			if err != nil || (found != nil) != c.made {
				t.Fatalf("Find = %+v, %v, want one: %t", found, err, c.made)
			}
			again := client.Submit(t.Context(), request())
			id := again.RequestID
			if c.made {
				id = found.RequestID
			}
			if want := map[bool]Verdict{true: Unknown, false: Accepted}[c.made]; again.Verdict != want {
				t.Fatalf("repeat: %+v, want %s", again, want)
			}
			until(t, client, id, placed)
			if n := len(sim.Record().PurchasesOf(ours)); n != 1 {
				t.Errorf("%d purchases, want 1", n)
			}
		})
	}
}

// TestARepeatThatTheWalletRefusesProvesNothing: the first call's order holds the
// money that its own repeat lacks.
func TestARepeatThatTheWalletRefusesProvesNothing(t *testing.T) {
	sim, c := simulatorV2(t, zmasim.Options{BalanceCents: 60_000, Switches: zmasim.Switches{V2FundsFirst: true}})
	sim.AddFault(zmasim.Fault{Method: "POST", Kind: zmasim.DropAfter, Times: 1})
	if first := c.Submit(t.Context(), request(zmasim.ProductStuck)); first.Verdict != Unknown {
		t.Fatalf("first call: %+v", first)
	}
	again := c.Submit(t.Context(), request(zmasim.ProductStuck))
	if again.Verdict != Rejected || again.Code != "insufficient_funds" || again.Class != Operator {
		t.Errorf("repeat: %+v, want a refusal of this call alone", again)
	}
}

func TestVersion2WithoutFunds(t *testing.T) {
	for name, switches := range map[string]zmasim.Switches{"": {}, "in flat errors": {V2FlatErrors: true}} {
		sim, c := simulatorV2(t, zmasim.Options{BalanceCents: 50_000, Switches: switches})
		poor := c.Submit(t.Context(), request()) // 50,000 at most, and the fee
		if poor.Verdict != Rejected || Classify(poor.Code).Class != AwaitFunds {
			t.Errorf("%s: %+v, want Rejected for funds", name, poor)
		}
		sim.SetBalance(50_100)
		if rich := c.Submit(t.Context(), request()); rich.Verdict != Accepted {
			t.Errorf("%s: %+v, want Accepted", name, rich)
		}
	}
}

// TestEveryCodeOfVersion2AsARefusal: only documented refusals prove that nothing
// was bought.
func TestEveryCodeOfVersion2AsARefusal(t *testing.T) {
	sim, c := simulatorV2(t, zmasim.Options{})
	for i, code := range append(zmasim.V2Codes(), "unheard_of_code", "order_probably_placed", "account_locked") {
		r := request(zmasim.ProductRefused(code))
		r.Key = fmt.Sprintf("%036d", i)
		want := Rejected
		switch class := Classify(code); {
		case code == "rate_limit_exceeded":
			want = NotSent
		case !class.Known || hintsAtOrder(class.Class) || class.Class == RetryLater:
			want = Unknown
		}
		got := c.Submit(t.Context(), r)
		if got.Verdict != want || want == Rejected && got.Code != code {
			t.Errorf("%s: %+v, want %s", code, got, want)
		}
	}
	if n := len(sim.Record().Purchases); n != 0 {
		t.Errorf("%d purchases, want none", n)
	}
}

// TestEveryCodeOfVersion2AsAnOutcome: an order that failed is read as such.
func TestEveryCodeOfVersion2AsAnOutcome(t *testing.T) {
	_, c := simulatorV2(t, zmasim.Options{BalanceCents: 1_000_000_000})
	for i, code := range append(zmasim.V2Codes(), "unheard_of_code", "account_locked", "max_price_exceeded", "product_unavailable") {
		r := request(zmasim.ProductFor(code))
		r.Key = fmt.Sprintf("%036d", i)
		sent := c.Submit(t.Context(), r)
		if sent.Verdict != Accepted {
			t.Fatalf("%s: %+v", code, sent)
		}
		got := until(t, c, sent.RequestID, func(o Observation) bool { return o.Phase != Processing })
		if got.Phase != Failed || got.Code != code || got.Class != Classify(code).Class {
			t.Errorf("%s: %+v", code, got)
		}
	}
}

func TestARefusedAddressOfVersion2IsTheCustomers(t *testing.T) {
	_, c := simulatorV2(t, zmasim.Options{})
	r := request()
	r.Address.PostalCode = "9720"
	if got := c.Submit(t.Context(), r); got.Verdict != Rejected || got.Code != "invalid_address" {
		t.Errorf("Submit = %+v, want Rejected for the address", got)
	}
	r = request()
	r.Items[0].Quantity = 101
	if got := c.Submit(t.Context(), r); got.Verdict != Rejected || got.Code != "validation_error" {
		t.Errorf("Submit = %+v, want Rejected for the request", got)
	}
}

// TestAbortsByVersion2: only what waits is stopped.
func TestAbortsByVersion2(t *testing.T) {
	for name, c := range map[string]struct {
		product     string
		answer, end Phase
	}{
		"at once":  {zmasim.ProductStuck, Failed, Failed},
		"too late": {zmasim.ProductAbortTooLate, Processing, Placed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client := simulatorV2(t, zmasim.Options{Processing: passing})
			sent := client.Submit(t.Context(), request(c.product))
			answer, err := client.Abort(t.Context(), sent.RequestID)
			if err != nil || answer.Phase != c.answer {
				t.Fatalf("Abort = %+v, %v, want %s", answer, err, c.answer)
			}
			end := until(t, client, sent.RequestID, func(o Observation) bool { return o.Phase != Processing })
			if end.Phase != c.end || (end.Phase == Failed) != (end.Class == Aborted) {
				t.Errorf("the order ends as %+v, want %s", end, c.end)
			}
			if again, err := client.Abort(t.Context(), sent.RequestID); err != nil || again.Phase != c.end {
				t.Errorf("another abort: %+v, %v", again, err)
			}
		})
	}
}

func TestTheRetailerCancelsAnOrderOfVersion2(t *testing.T) {
	_, c := simulatorV2(t, zmasim.Options{})
	sent := c.Submit(t.Context(), request(zmasim.ProductRetailerCancel))
	seen := until(t, c, sent.RequestID, func(o Observation) bool { return o.Phase == CancelledByRetailer })
	refunds, err := c.Refunds(t.Context(), sent.RequestID, time.Time{})
	if diff := cmp.Diff([]Refund{{Reference: "automatic", Cents: seen.Price.TotalCents}}, refunds); diff != "" || err != nil {
		t.Errorf("Refunds: %v (-want +got):\n%s", err, diff)
	}
	balance, err := c.Balance(t.Context())
	if err != nil || balance.AvailableCents != 10_000_000 {
		t.Errorf("balance = %+v, %v, want all of it back", balance, err)
	}
}

func TestVersion2ListsManyOrders(t *testing.T) {
	sim, c := simulatorV2(t, zmasim.Options{BalanceCents: 1_000_000_000})
	since := time.Now().Add(-time.Minute)
	for i := range 105 {
		r := request(zmasim.ProductStuck)
		r.Key = fmt.Sprintf("%036d", i)
		if got := c.Submit(t.Context(), r); got.Verdict != Accepted {
			t.Fatalf("order %d: %+v", i, got)
		}
	}
	seen := map[string]bool{}
	err := c.List(t.Context(), since, func(o Observation) bool { seen[o.RequestID] = true; return true })
	if len(seen) != 105 || err != nil {
		t.Errorf("%d orders, %v, want 105", len(seen), err)
	}
	later := 0
	if err := c.List(t.Context(), time.Now().Add(time.Hour), func(Observation) bool { later++; return true }); later != 0 || err != nil {
		t.Errorf("%d orders of the future, %v", later, err)
	}
	sim.SetListingLag(time.Hour)
	if found, err := c.Find(t.Context(), fmt.Sprintf("%036d", 0), ours, 1, since); found != nil || err != nil {
		t.Errorf("Find = %+v, %v, in spite of the lag", found, err)
	}
	var call *CallError
	if _, err := c.Get(t.Context(), uuid); !errors.As(err, &call) || call.Kind != KindNotFound {
		t.Errorf("an unknown ID: %v", err)
	}
}
