package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// putBack gives an order the status of another time, as a restored backup does, while
// the operator is away.
func (w *world) putBack(name string, status v1alpha1.ZMAOrderStatus, change func(*v1alpha1.ZMAOrder)) {
	w.t.Helper()
	w.operator.Kill()
	o, err := w.order(name)
	w.must(err)
	o.Status = status
	w.must(w.client.Status().Update(w.t.Context(), o))
	if change != nil {
		w.changeOrder(name, change)
	}
	w.must(w.operator.Start(w.t.Context()))
}

// TestRecalledEndIsNotGivenToAnotherOrder sends another order under the ID of one that
// was bought and has left: it must not tell of goods that nobody bought.
func TestRecalledEndIsNotGivenToAnotherOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	order := shop.NewOrder("1001", item(zmasim.ProductOK))
	name := w.send(order)
	leave := func() {
		t.Helper()
		o, err := w.order(name)
		w.must(err)
		w.must(w.client.Delete(t.Context(), o))
		if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
			t.Fatal("the order does not go")
		}
	}
	w.waitFor(name, "Ready", isReady)
	leave()
	w.send(shop.NewOrder("1001", shop.Item{ProductID: "B0DIFFER99", Quantity: 7, UnitPriceCents: 9900}))
	o := w.waitForReason(name, v1alpha1.ReasonInvalid)
	if !strings.Contains(conditions(o), "used before, for another order") || o.Status.Placement != nil || o.Status.Cost != nil {
		t.Errorf("%s; placement %+v, cost %+v", conditions(o), o.Status.Placement, o.Status.Cost)
	}
	leave()
	w.send(order)
	w.waitForReason(name, v1alpha1.ReasonPlaced)
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	if n := len(w.sim.Record().Purchases); n != 1 {
		t.Errorf("%d purchases, want 1", n)
	}
}

// TestRecalledOrderStillWaitsForItsPerson takes the status from an order that somebody
// has to decide on.
func TestRecalledOrderStillWaitsForItsPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductFailOnce("max_price_exceeded"))))
	w.waitForReason(name, v1alpha1.ReasonNeedsDecision)
	released := func() bool {
		n, err := w.count("select count(*) from order_attempts where external_id = '1001' and state = 'released'")
		return err == nil && n == 1
	}
	if !eventually(released) {
		t.Fatal("the failed attempt's money is not given back")
	}
	w.putBack(name, v1alpha1.ZMAOrderStatus{ObservedGeneration: -1}, nil)
	o := w.waitFor(name, "told what to do", func(o *v1alpha1.ZMAOrder) bool {
		return isReady(o) || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled)
	})
	if n := len(w.sim.Record().KeysOf(w.identity("1001"))); readyReason(o) != v1alpha1.ReasonNeedsDecision || n != 1 {
		t.Fatalf("it is %s after %d attempts, and nobody was asked", readyReason(o), n)
	}
	w.handled(name, "retry")
	o = w.waitFor(name, "Ready", isReady)
	if bought := len(w.sim.Record().PurchasesOf(w.identity("1001"))); bought != 1 || o.Status.Submission.Attempt != 2 {
		t.Errorf("bought %d times in attempt %d", bought, o.Status.Submission.Attempt)
	}
}

// TestRecalledOlderStatusIsNotCancelledAsUnsent puts a status back that is older than
// the paid call, and cancels the order.
func TestRecalledOlderStatusIsNotCancelledAsUnsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: 3 * time.Second}})
	w.sim.AddFault(zmasim.Fault{Kind: zmasim.TooManyRequests, Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity("1001"), Times: 1, RetryAfter: 3 * time.Second})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	older := w.waitForReason(name, v1alpha1.ReasonProviderUnavailable)
	w.waitForReason(name, v1alpha1.ReasonProcessing)
	w.operator.Kill()
	if !eventually(func() bool { return len(w.sim.Record().PurchasesOf(w.identity("1001"))) == 1 }) {
		t.Fatal("the provider does not buy it")
	}
	w.putBack(name, older.Status, func(o *v1alpha1.ZMAOrder) { o.Spec.Cancel = true })
	o := w.waitFor(name, "placed or cancelled", func(o *v1alpha1.ZMAOrder) bool {
		return readyReason(o) == v1alpha1.ReasonCancelled || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionCostRecorded)
	})
	if readyReason(o) == v1alpha1.ReasonCancelled {
		t.Fatalf("it is cancelled as never bought: %s", conditions(o))
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
}

// TestRecalledOlderStatusOfAnEndedOrder puts the same back once the order is in the
// books: the end is written back, and nothing is sent.
func TestRecalledOlderStatusOfAnEndedOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.sim.AddFault(zmasim.Fault{Kind: zmasim.TooManyRequests, Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity("1001"), Times: 1, RetryAfter: 3 * time.Second})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	older := w.waitForReason(name, v1alpha1.ReasonProviderUnavailable)
	w.waitFor(name, "Ready", isReady)
	calls := w.paidCalls()
	w.putBack(name, older.Status, nil)
	w.waitFor(name, "Ready again", isReady)
	if again := w.paidCalls(); again != calls {
		t.Errorf("%d paid calls, and %d after the older status was put back", calls, again)
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
}

// paidCalls are the calls to order anything.
func (w *world) paidCalls() (n int) {
	for _, r := range w.sim.Record().Requests {
		if r.Method == http.MethodPost && r.Path == "/v1/orders" {
			n++
		}
	}
	return n
}

// TestRecalledByNobodyAtTheProvider: a request that the provider has given and does not
// know any more ends with a person, who is told, also when the order is cancelled; and
// goes on by itself when the provider knows it again.
func TestRecalledByNobodyAtTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true, callTimeout: 2 * time.Second, sim: zmasim.Options{Processing: 2 * time.Second}})
	w.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Submission.ResolveWindow = &metav1.Duration{Duration: time.Second}
	})
	w.sim.AddFault(zmasim.Fault{Kind: zmasim.UnknownID404, Method: "GET", PathPrefix: "/v1/orders/"})
	w.sim.AddFault(zmasim.Fault{Kind: zmasim.ListingLag, Method: "GET", PathPrefix: "/v1/orders", Delay: time.Hour})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	o := w.waitForReason(name, v1alpha1.ReasonSubmissionOutcomeUnknown)
	if !meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionFundsReserved) {
		t.Error("the money of an order that may be bought is given back")
	}
	if !eventually(func() bool {
		n, err := w.count("select count(*) from admin_alerts where kind = 'SubmissionOutcomeUnknown' and resolved_at is null")
		return err == nil && n == 1
	}) {
		t.Error("nobody is told")
	}
	w.refused(name, "retry", "not known whether the last attempt has bought")
	w.refused(name, "reject", "not known whether")
	w.refused(name, "adopt:ffffffffffffffffffffffffffffffff", "does not know")
	if result := w.ask(name, "resolve"); !strings.Contains(result, "proves nothing") {
		t.Errorf("resolve: %q", result)
	}
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Spec.Cancel = true })
	w.waitFor(name, "told that it can't be cancelled yet", func(o *v1alpha1.ZMAOrder) bool {
		return readyReason(o) == v1alpha1.ReasonSubmissionOutcomeUnknown && strings.Contains(conditions(o), "neither be cancelled")
	})
	if !eventually(func() bool { return len(w.sim.Record().PurchasesOf(w.identity("1001"))) == 1 }) {
		t.Fatal("the provider does not buy it")
	}
	w.sim.ClearFaults()
	w.waitFor(name, "in the books", func(o *v1alpha1.ZMAOrder) bool {
		return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionCostRecorded)
	})
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
}

// TestRecalledAsADuplicate: what the provider calls a duplicate is looked up, its money
// stays reserved, and only a person's word on record allows another attempt.
func TestRecalledAsADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{callTimeout: 2 * time.Second})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductFailOnce("duplicate_order"))))
	o := w.waitForReason(name, v1alpha1.ReasonSubmissionOutcomeUnknown)
	looked := false
	for _, r := range w.sim.Record().Requests {
		looked = looked || (r.Method == http.MethodGet && r.Path == "/v1/orders")
	}
	if !looked || !meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionFundsReserved) {
		t.Errorf("looked up: %v; %s", looked, conditions(o))
	}
	w.refused(name, "retry", "not known whether the last attempt has bought")
	w.refused(name, "adopt:"+o.Status.Submission.RequestID, "neither this attempt's key")
	w.quiet()
	w.handled(name, "resolve:not-bought")
	w.waitForReason(name, v1alpha1.ReasonNeedsDecision)
	w.handled(name, "retry@2")
	w.waitFor(name, "Ready", isReady)
	record := w.sim.Record()
	if bought, keys := len(record.PurchasesOf(w.identity("1001"))), len(record.KeysOf(w.identity("1001"))); bought != 1 || keys != 2 {
		t.Errorf("bought %d times under %d keys", bought, keys)
	}
}

// TestRecalledAfterAbandon: nothing is promised for an order that nobody follows.
func TestRecalledAfterAbandon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true})
	name := w.unknown("1001", zmasim.Malformed)
	bought := w.sim.Record().PurchasesOf(w.identity("1001"))
	if len(bought) != 1 {
		t.Fatalf("bought %d times", len(bought))
	}
	w.handled(name, "abandon")
	w.waitForReason(name, v1alpha1.ReasonAbandoned)
	for _, verb := range []string{"adopt:" + bought[0].RequestID, "resolve", "resolve:not-bought", "retry", "reject", "now", "abandon@2"} {
		w.refused(name, verb, "abandoned")
	}
}
