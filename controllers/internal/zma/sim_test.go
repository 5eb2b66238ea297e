package zma

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// simulator starts one for a test, fast unless told otherwise.
func simulator(t *testing.T, o zmasim.Options) *zmasim.Server {
	t.Helper()
	o.Token = token
	if o.Processing == 0 {
		o.Processing = 5 * time.Millisecond
	}
	sim, err := zmasim.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return sim
}

// until reads an order until it looks as expected.
func until(t *testing.T, c Client, id string, done func(Observation) bool) Observation {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		seen, err := c.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if done(seen) {
			return seen
		}
		if time.Now().After(deadline) {
			t.Fatalf("the order stays as %+v", seen)
		}
		<-time.After(2 * time.Millisecond) // leaves the processor to the simulator
	}
}

// passing is how long a state lasts that a test has to see.
const passing = 500 * time.Millisecond

func placed(o Observation) bool { return o.Phase == Placed }

// TestALostAnswerNeverBuysTwice: whatever happens to the first paid call, its
// repeat with the same key ends with one purchase.
func TestALostAnswerNeverBuysTwice(t *testing.T) {
	for name, c := range map[string]struct {
		fault  zmasim.Fault
		want   Verdict
		listed bool // the order shows in the list before the repeat
	}{
		"the connection is lost before the call counts": {zmasim.Fault{Kind: zmasim.DropBefore}, Unknown, false},
		"the connection is lost after it":               {zmasim.Fault{Kind: zmasim.DropAfter}, Unknown, true},
		"a server error before it":                      {zmasim.Fault{Kind: zmasim.ErrorBefore}, Unknown, false},
		"a server error after it":                       {zmasim.Fault{Kind: zmasim.ErrorAfter, Status: 503}, Unknown, true},
		"a gateway's page before it":                    {zmasim.Fault{Kind: zmasim.HTML502}, Unknown, false},
		"a gateway's page after it":                     {zmasim.Fault{Kind: zmasim.HTML502After}, Unknown, true},
		"an answer that can't be read":                  {zmasim.Fault{Kind: zmasim.Malformed}, Unknown, true},
		"an answer without a request ID":                {zmasim.Fault{Kind: zmasim.NoRequestID}, Unknown, true},
		"too many requests":                             {zmasim.Fault{Kind: zmasim.TooManyRequests, RetryAfter: 7 * time.Second}, NotSent, false},
	} {
		t.Run(name, func(t *testing.T) {
			sim := simulator(t, zmasim.Options{})
			c.fault.Method, c.fault.PathPrefix, c.fault.Times = "POST", "/v1/orders", 1
			sim.AddFault(c.fault)
			client := client(t, sim.URL())
			first := client.Submit(t.Context(), request())
			if first.Verdict != c.want || first.RetryAfter != c.fault.RetryAfter {
				t.Fatalf("first call: %+v, want %s", first, c.want)
			}
			found, err := client.Find(t.Context(), key, ours, 1, time.Now().Add(-time.Minute))
			if err != nil || (found != nil) != c.listed {
				t.Fatalf("Find = %+v, %v, want one: %t", found, err, c.listed)
			}
			again := client.Submit(t.Context(), request())
			if again.Verdict != Accepted || found != nil && found.RequestID != again.RequestID {
				t.Fatalf("repeat: %+v, the list has %+v", again, found)
			}
			until(t, client, again.RequestID, placed)
			if n := len(sim.Record().PurchasesOf(ours)); n != 1 {
				t.Errorf("%d purchases, want 1", n)
			}
		})
	}
}

// TestEveryCodeAsARefusal: the synchronous answer proves that nothing was bought
// for documented refusals alone, and the same key is refused alike.
func TestEveryCodeAsARefusal(t *testing.T) {
	provesNothing := map[string]string{
		"order_probably_placed":            "there may be an order",
		"duplicate_order":                  "it may be this very order",
		"manual_review_required":           "it goes on by itself",
		"attempting_to_cancel":             "it is not decided",
		"return_in_progress":               "there is an order",
		"internal_error":                   "it has to be read from the order",
		"zma_temporarily_overloaded":       "it has to be read from the order",
		"amazon_antibot_blank_offers_page": "it has to be read from the order",
		"unheard_of_code":                  "it is not documented",
	}
	sim := simulator(t, zmasim.Options{})
	c := client(t, sim.URL())
	for i, code := range zmasim.Codes() {
		r := request(zmasim.ProductRefused(code))
		r.Key = fmt.Sprintf("%036d", i)
		want, class := Rejected, Classify(code).Class
		if provesNothing[code] != "" {
			want, class = Unknown, UnknownOutcome
		}
		for _, call := range []string{"first", "repeat"} {
			if got := c.Submit(t.Context(), r); got.Verdict != want || got.Code != code || got.Class != class {
				t.Errorf("%s call with %s: %+v, want %s (%s)", call, code, got, want, provesNothing[code])
			}
		}
	}
	if n := len(sim.Record().Purchases); n != 0 {
		t.Errorf("%d purchases, want none", n)
	}
}

// TestEveryCodeAsAnOutcome: an order that ends with a code is read as such.
func TestEveryCodeAsAnOutcome(t *testing.T) {
	sim := simulator(t, zmasim.Options{})
	c := client(t, sim.URL())
	for i, code := range zmasim.Codes() {
		r := request(zmasim.ProductFor(code))
		r.Key = fmt.Sprintf("%036d", i)
		sent := c.Submit(t.Context(), r)
		if sent.Verdict != Accepted {
			t.Fatalf("%s: %+v", code, sent)
		}
		if code == "invalid_request_id" {
			continue // never an outcome: it means that the ID is not known
		}
		got := until(t, c, sent.RequestID, func(o Observation) bool { return o.Code == code })
		want := map[Class]Phase{InProgress: Processing, CancelPending: Processing, Review: InReview}[Classify(code).Class]
		if want == "" {
			want = Failed
		}
		if got.Class != Classify(code).Class || got.Phase != want {
			t.Errorf("%s: %+v, want %s", code, got, want)
		}
	}
}

func TestHowOrdersGo(t *testing.T) {
	ended := func(p Phase, code string) func(Observation) bool {
		return func(o Observation) bool { return o.Phase == p && o.Code == code }
	}
	for name, c := range map[string]struct {
		product string
		first   func(Observation) bool // seen on the way; nil for none
		last    func(Observation) bool
	}{
		"reviewed, then bought":          {zmasim.ProductReviewThenSuccess, ended(InReview, "manual_review_required"), placed},
		"reviewed, then not":             {zmasim.ProductReviewThenFail, ended(InReview, "manual_review_required"), ended(Failed, "product_unavailable")},
		"cancelled by the retailer":      {zmasim.ProductRetailerCancel, nil, ended(CancelledByRetailer, "")},
		"failed with its code in data":   {zmasim.ProductOverloadNested, nil, ended(Failed, "zma_temporarily_overloaded")},
		"bought as two merchant orders":  {zmasim.ProductSplit, nil, func(o Observation) bool { return placed(o) && len(o.MerchantOrderIDs) == 2 }},
		"worked on before it is decided": {zmasim.ProductOK, ended(Processing, "request_processing"), placed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simulator(t, zmasim.Options{Processing: passing})
			client := client(t, sim.URL())
			sent := client.Submit(t.Context(), request(c.product))
			if c.first != nil {
				until(t, client, sent.RequestID, c.first)
			}
			until(t, client, sent.RequestID, c.last)
		})
	}
}

// TestAborts: only the provider's own word ends an order.
func TestAborts(t *testing.T) {
	for name, c := range map[string]struct {
		product string
		answer  Phase
		end     Phase
	}{
		"at once":  {zmasim.ProductStuck, Failed, Failed},
		"later":    {zmasim.ProductAbortPending, Processing, Failed},
		"too late": {zmasim.ProductAbortTooLate, Processing, Placed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simulator(t, zmasim.Options{Processing: passing})
			client := client(t, sim.URL())
			sent := client.Submit(t.Context(), request(c.product))
			answer, err := client.Abort(t.Context(), sent.RequestID)
			if err != nil || answer.Phase != c.answer {
				t.Fatalf("Abort = %+v, %v, want %s", answer, err, c.answer)
			}
			end := until(t, client, sent.RequestID, func(o Observation) bool { return o.Phase != Processing })
			if end.Phase != c.end || (end.Phase == Failed) != (end.Class == Aborted) {
				t.Errorf("the order ends as %+v, want %s", end, c.end)
			}
		})
	}
}

// TestWhatTheProviderDoesNotDocument reads each of its likely behaviours.
func TestWhatTheProviderDoesNotDocument(t *testing.T) {
	for name, switches := range map[string]zmasim.Switches{
		"a list without its wrapper, refusals with 200": {BareList: true, ValidationStatus: 200, Balance: zmasim.BalancePlain},
		"unknown IDs with 404":                          {UnknownIDStatus: 404, Balance: zmasim.BalanceAvailable},
	} {
		t.Run(name, func(t *testing.T) {
			sim := simulator(t, zmasim.Options{Switches: switches})
			c := client(t, sim.URL())
			var call *CallError
			if _, err := c.Get(t.Context(), "0123456789abcdef0123456789abcdef"); !errors.As(err, &call) || call.Kind != KindNotFound {
				t.Errorf("an unknown ID: %v, want %s", err, KindNotFound)
			}
			refused := request(zmasim.ProductRefused("invalid_address"))
			if got := c.Submit(t.Context(), refused); got.Verdict != Rejected || got.Class != CustomerAddress {
				t.Errorf("a refusal: %+v", got)
			}
			bought := request()
			bought.Key = fmt.Sprintf("%036d", 1)
			sent := c.Submit(t.Context(), bought)
			found, err := c.Find(t.Context(), bought.Key, ours, 1, time.Now().Add(-time.Minute))
			if err != nil || found == nil || found.RequestID != sent.RequestID {
				t.Errorf("Find = %+v, %v, want %s", found, err, sent.RequestID)
			}
			if b, err := c.Balance(t.Context()); err != nil || b.AvailableCents <= 0 {
				t.Errorf("Balance = %+v, %v", b, err)
			}
		})
	}
}
