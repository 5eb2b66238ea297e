package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// askToWait has the provider not process the order's first call.
func (w *world) askToWait(pause time.Duration) {
	w.sim.AddFault(zmasim.Fault{
		Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity(orderID), Kind: zmasim.TooManyRequests, Times: 1, RetryAfter: pause,
	})
}

// unsent makes an order whose first attempt was not sent, and waits for a while.
func (w *world) unsent() string {
	w.t.Helper()
	w.askToWait(2 * time.Second)
	name := w.send(shop.NewOrder(orderID, item(zmasim.ProductOK)))
	w.waitForReason(name, v1alpha1.ReasonProviderUnavailable)
	return name
}

// moves changes the address of an order.
func (w *world) moves(name string) {
	w.t.Helper()
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) {
		a := &o.Spec.ShippingAddress
		a.Line1, a.City, a.PostalCode = "400 Corrected Avenue", "Salem", "97301"
	})
}

// received lists what the provider has taken: attempt, ceiling and where to.
func (w *world) received() (out []string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.sim.URL()+"/v1/orders?limit=100", nil)
	w.must(err)
	req.SetBasicAuth("sim-token", "")
	answer, err := http.DefaultClient.Do(req)
	w.must(err)
	defer func() { w.check(answer.Body.Close()) }()
	var list struct {
		Orders []struct {
			Request struct {
				Notes struct {
					Attempt int64 `json:"attempt"`
				} `json:"client_notes"`
				Address  map[string]string `json:"shipping_address"`
				MaxPrice int64             `json:"max_price"`
			} `json:"request"`
		} `json:"orders"`
	}
	w.must(json.NewDecoder(answer.Body).Decode(&list))
	for _, o := range list.Orders {
		out = append(out, fmt.Sprintf("%d ≤%d %s", o.Request.Notes.Attempt, o.Request.MaxPrice, o.Request.Address["address_line1"]))
	}
	return out
}

// soundBooks checks that the journal agrees with the tables that it follows, and the
// trail with the order.
func (w *world) soundBooks(name string, trail ...string) {
	w.t.Helper()
	if n, err := w.count("select count(*) from journal_differences"); err != nil || n != 0 {
		w.t.Errorf("the books have %d differences: %v", n, err)
	}
	w.check(w.historyTold(name))
	w.check(w.told(name, trail...))
}

// soundCalls checks that each paid call is in the trail, and none that was not made.
func (w *world) soundCalls(name string) {
	w.t.Helper()
	calls, err := w.count("select count(distinct inputs_digest) from audit_log where action = 'submit' and object = $1", name)
	if made := len(w.callsOf(orderID)); err != nil || calls != made {
		w.t.Errorf("the trail tells of %d calls, the provider got %d: %v", calls, made, err)
	}
}

func (w *world) callsOf(externalID string) (out []zmasim.Request) {
	for _, r := range w.sim.Record().Requests {
		if r.Method == http.MethodPost && r.Identity == w.identity(externalID) {
			out = append(out, r)
		}
	}
	return out
}

// TestUnsentGoesToTheCorrectedAddress edits the address of an order whose call the
// provider has not processed.
func TestUnsentGoesToTheCorrectedAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.unsent()
	w.moves(name)
	w.check(w.comesTo(name, boughtSecond()))
	if diff := cmp.Diff([]string{"2 ≤4990 400 Corrected Avenue"}, w.received()); diff != "" {
		t.Errorf("the provider got (-want +got):\n%s", diff)
	}
	w.soundBooks(name, "submit not-sent", "release RetryScheduled", "submit accepted", "settle")
	w.soundCalls(name)
}

// TestUnsentWaitsForAnAddressThatHolds edits it to one that nobody can deliver to:
// nothing is sent, and nothing stays reserved, until it is corrected.
func TestUnsentWaitsForAnAddressThatHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.unsent()
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.PostalCode = "1" })
	w.check(w.comesTo(name, end{Reason: v1alpha1.ReasonAwaitingAddress, Keys: 1, Ledger: "1 released", Mirror: v1alpha1.ReasonAwaitingAddress}))
	w.moves(name)
	w.check(w.comesTo(name, boughtSecond()))
	w.soundBooks(name, "submit not-sent", "release RetryScheduled", "settle")
	w.soundCalls(name)
}

// TestUnsentKeepsToALoweredCeiling lowers the account's cap while an order waits.
func TestUnsentKeepsToALoweredCeiling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.unsent()
	w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.MaxPrice.CapCents = new(int64(100)) })
	w.check(w.comesTo(name, undecided().with(func(e *end) { e.Keys, e.Ledger = 2, "1 released; 2 released" })))
	if diff := cmp.Diff([]string{"2 ≤100 1120 SW Fifth Avenue"}, w.received()); diff != "" {
		t.Errorf("the provider got (-want +got):\n%s", diff)
	}
	w.soundBooks(name, "submit not-sent", "release RetryScheduled", "submit accepted", "release NeedsDecision")
	w.soundCalls(name)
}

// TestUnsentKeepsItsAttemptWhenNothingOfItChanges edits what no call carries, and
// takes an edit back: neither makes another attempt.
func TestUnsentKeepsItsAttemptWhenNothingOfItChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.unsent()
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Spec.Suspend = true })
	w.waitForReason(name, v1alpha1.ReasonSuspended)
	was := w.account().Spec.MaxPrice
	w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.MaxPrice.CapCents = new(int64(100)) })
	w.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.MaxPrice = was
		a.Spec.Budget = &v1alpha1.Budget{DailyCents: new(int64(9_000_000))}
	})
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Spec.Suspend = false })
	w.check(w.comesTo(name, bought()))
}

// TestUnsentThatWasSentAfterAllIsNotBoughtAgain gives an order that was bought an
// older status, as a restored cluster does, and another address: the purchase is
// found, whether the books know it or not.
func TestUnsentThatWasSentAfterAllIsNotBoughtAgain(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		processing time.Duration
		until      string
	}{
		"settled":      {0, v1alpha1.ReasonPlaced},
		"in the works": {5 * time.Second, v1alpha1.ReasonProcessing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{sim: zmasim.Options{Processing: s.processing}})
			name := w.unsent()
			older, err := w.order(name)
			w.must(err)
			w.waitForReason(name, s.until)
			w.operator.Kill()
			o, err := w.order(name)
			w.must(err)
			o.Status = older.Status
			w.must(w.client.Status().Update(t.Context(), o))
			w.moves(name)
			w.must(w.operator.Start(t.Context()))
			w.check(w.comesTo(name, bought()))
		})
	}
}

// refunding is a Stripe that gives the money of each payment back when told to.
type refunding struct {
	mu       sync.Mutex
	refunded bool
	asked    int
}

func (r *refunding) refund() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refunded = true
}

func (r *refunding) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

func (r *refunding) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	cents, back := zmasim.PriceOf(zmasim.ProductOK), int64(0)
	if r.refunded {
		back = cents
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"object": "payment_intent", "id": strings.TrimPrefix(q.URL.Path, "/v1/payment_intents/"), "status": "succeeded",
		"amount": cents, "amount_received": cents, "currency": "usd", "livemode": false,
		"latest_charge": map[string]any{"object": "charge", "status": "succeeded", "captured": true, "amount_refunded": back, "refunded": r.refunded, "disputed": false},
	})
}

// newRefunding makes a world whose payments can be refunded.
func newRefunding(t *testing.T) (*world, *refunding) {
	t.Helper()
	bank := &refunding{}
	server := httptest.NewServer(bank)
	t.Cleanup(server.Close)
	return newWorld(t, settings{stripeURL: server.URL}), bank
}

func (w *world) sendPaid() string {
	w.t.Helper()
	o := shop.NewOrder(orderID, item(zmasim.ProductOK))
	o.Payment = map[string]any{"provider": "stripe", "reference": "pi_1", "amountCents": zmasim.PriceOf(zmasim.ProductOK)}
	return w.send(o)
}

// TestUnsentIsNotBoughtWithARefundedPayment refunds a payment while its order waits.
// The process is started anew, so that the verification is an old one.
func TestUnsentIsNotBoughtWithARefundedPayment(t *testing.T) {
	t.Parallel()
	unpaid := end{Reason: v1alpha1.ReasonPaymentInvalid, Ledger: "1 reserved", Mirror: v1alpha1.ReasonPaymentInvalid}
	for name, c := range map[string]struct {
		wait func(*world) (name string)
		then func(*world)
		end  end
	}{
		"over its budget": {
			wait: func(w *world) string {
				w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Budget = &v1alpha1.Budget{PerCustomerDailyCents: new(int64(0))} })
				name := w.sendPaid()
				w.waitForReason(name, v1alpha1.ReasonBudgetExceeded)
				return name
			},
			then: func(w *world) { w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Budget = nil }) },
			end:  unpaid,
		},
		"not sent": {
			wait: func(w *world) string {
				w.askToWait(2 * time.Second)
				name := w.sendPaid()
				w.waitForReason(name, v1alpha1.ReasonProviderUnavailable)
				return name
			},
			then: func(*world) {},
			end:  unpaid.with(func(e *end) { e.Keys = 1 }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, bank := newRefunding(t)
			name := c.wait(w)
			w.operator.Kill()
			bank.refund()
			c.then(w)
			w.must(w.operator.Start(t.Context()))
			w.check(w.comesTo(name, c.end))
			w.soundBooks(name, "reserve", "decide payment unpaid")

			// What is reserved is free once nobody wants the order.
			w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Spec.Cancel = true })
			c.end.Reason, c.end.Mirror, c.end.Ledger, c.end.Outcome = v1alpha1.ReasonCancelled, v1alpha1.ReasonCancelled, "1 released", "cancelled"
			w.check(w.comesTo(name, c.end))
			w.soundBooks(name, "release Cancelled")
		})
	}
}

// TestUnsentAsksForThePaymentOnce when nothing comes in between.
func TestUnsentAsksForThePaymentOnce(t *testing.T) {
	t.Parallel()
	w, bank := newRefunding(t)
	w.check(w.comesTo(w.sendPaid(), bought()))
	if n := bank.times(); n != 1 {
		t.Errorf("Stripe was asked %d times, want once", n)
	}
}

// edited is a story of an order whose address is edited while its attempt is not sent.
func edited() story {
	return story{
		name:   "edited unsent",
		points: at(proxy.Refusal, proxy.Release, proxy.Reservation, proxy.Intent, proxy.PaidCall, proxy.Outcome),
		begin:  (*world).unsent,
		act:    func(w *world, name string) string { w.moves(name); return name },
		end:    boughtSecond(),
		check: func(w *world, _ string) error {
			if diff := cmp.Diff([]string{"2 ≤4990 400 Corrected Avenue"}, w.received()); diff != "" {
				return fmt.Errorf("the provider got (-want +got):\n%s", diff)
			}
			return nil
		},
	}
}
