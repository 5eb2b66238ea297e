package e2e

import (
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// ask annotates an order as a person does, and waits for the result.
func (w *world) ask(name, value string) string {
	w.t.Helper()
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	patch := `{"metadata":{"annotations":{"zma.dev/recover":"` + value + `"}}}`
	w.must(w.client.Patch(w.t.Context(), o, client.RawPatch(types.MergePatchType, []byte(patch))))
	handled := w.waitFor(name, "handled "+value, func(o *v1alpha1.ZMAOrder) bool {
		return o.Status.Recovery != nil && o.Status.Recovery.LastHandledRequest == value
	})
	return handled.Status.Recovery.LastResult
}

func (w *world) refused(name, value, because string) {
	w.t.Helper()
	if result := w.ask(name, value); !strings.HasPrefix(result, "Refused: ") || !strings.Contains(result, because) {
		w.t.Errorf("%s: %q, want it refused because %q", value, result, because)
	}
}

func (w *world) handled(name, value string) {
	w.t.Helper()
	if result := w.ask(name, value); strings.HasPrefix(result, "Refused") {
		w.t.Errorf("%s: %q, want it done", value, result)
	}
}

// changeAccount changes the shop's account.
func (w *world) changeAccount(change func(*v1alpha1.ZMAAccount)) {
	w.t.Helper()
	a := w.account()
	patch := client.MergeFrom(a.DeepCopy())
	change(a)
	w.must(w.client.Patch(w.t.Context(), a, patch))
}

func (w *world) account() *v1alpha1.ZMAAccount {
	w.t.Helper()
	a := &v1alpha1.ZMAAccount{}
	w.must(w.client.Get(w.t.Context(), types.NamespacedName{Namespace: w.namespace, Name: shop.AccountName}, a))
	return a
}

func (w *world) changeOrder(name string, change func(*v1alpha1.ZMAOrder)) {
	w.t.Helper()
	o, err := w.order(name)
	w.must(err)
	patch := client.MergeFrom(o.DeepCopy())
	change(o)
	w.must(w.client.Patch(w.t.Context(), o, patch))
}

// TestRetryByHandMakesOneNewAttempt, once, whatever is applied again from Git.
func TestRetryByHandMakesOneNewAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductFailOnce("max_price_exceeded"))))
	w.waitForReason(name, v1alpha1.ReasonNeedsDecision)
	w.refused(name, "approve", "AwaitingApproval")
	w.refused(name, "buy-it", "unknown verb")
	w.handled(name, "retry@1")
	o := w.waitFor(name, "Ready", isReady)
	record := w.sim.Record()
	if bought, keys := len(record.PurchasesOf(w.identity("1001"))), len(record.KeysOf(w.identity("1001"))); bought != 1 || keys != 2 || o.Status.Submission.Attempt != 2 {
		t.Errorf("bought %d times under %d keys in attempt %d", bought, keys, o.Status.Submission.Attempt)
	}
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Labels = map[string]string{"applied": "again"} })
	w.refused(name, "retry@2", "accepted")

	for _, sql := range []string{
		"select count(*) from order_recovery_logs where verb = 'retry' and actor <> '' and actor <> 'controller' and external_id = '1001'",
		"select count(*) from audit_log where action = 'order.recover' and actor <> 'controller' and detail->>'verb' = 'retry' and object = '" + name + "'",
	} {
		if !eventually(func() bool { n, err := w.count(sql); return err == nil && n == 2 }) {
			t.Errorf("not on record: %s", sql)
		}
	}
}

func TestNowEndsThePause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	// The code's own pause is five minutes: only the request can end it in time.
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductFailOnce("internal_error"))))
	w.waitForReason(name, v1alpha1.ReasonRetryScheduled)
	w.handled(name, "now")
	w.waitFor(name, "Ready", isReady)
	if n := len(w.sim.Record().PurchasesOf(w.identity("1001"))); n != 1 {
		t.Errorf("bought %d times", n)
	}
}

// unknown makes an order whose paid call never has a readable answer, and waits
// until a person is asked.
func (w *world) unknown(externalID string, kind zmasim.FaultKind) string {
	w.t.Helper()
	w.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Submission.ResolveWindow = &metav1.Duration{Duration: time.Second}
	})
	w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity(externalID), Kind: kind, Status: 500})
	w.sim.AddFault(zmasim.Fault{Method: "GET", PathPrefix: "/v1/orders", Kind: zmasim.ListingLag, Delay: time.Hour})
	name := w.send(shop.NewOrder(externalID, item(zmasim.ProductOK)))
	w.waitForReason(name, v1alpha1.ReasonSubmissionOutcomeUnknown)
	return name
}

// quiet waits until no paid call can be under way any more.
func (w *world) quiet() {
	time.Sleep(2 * time.Second) // the call timeout of the world
}

func TestAdoptTakesOverOnlyTheOrdersOwnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true})
	other := w.waitFor(w.send(shop.NewOrder("other", item(zmasim.ProductOK))), "Ready", isReady)
	name := w.unknown("1001", zmasim.Malformed)
	if !eventually(func() bool {
		n, err := w.count("select count(*) from admin_alerts where kind = 'SubmissionOutcomeUnknown' and resolved_at is null")
		return err == nil && n == 1
	}) {
		t.Error("no alert is open for the unknown outcome")
	}
	w.refused(name, "retry", "not known whether the last attempt has bought")
	w.refused(name, "reject", "not known whether")
	w.refused(name, "adopt:"+other.Status.Submission.RequestID, "neither this attempt's key")
	w.refused(name, "adopt:ffffffffffffffffffffffffffffffff", "does not know")
	bought := w.sim.Record().PurchasesOf(w.identity("1001"))
	if len(bought) != 1 {
		t.Fatalf("bought %d times", len(bought))
	}
	w.handled(name, "adopt:"+bought[0].RequestID)
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	if !eventually(func() bool {
		n, err := w.count("select count(*) from admin_alerts where kind = 'SubmissionOutcomeUnknown' and resolved_at is not null")
		return err == nil && n == 1
	}) {
		t.Error("the alert does not resolve by itself")
	}
}

func TestResolveByHandAsksTheProviderFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true, callTimeout: 2 * time.Second})
	name := w.unknown("1001", zmasim.Malformed)
	w.quiet()
	w.sim.ClearFaults()
	// The order is in the provider's list now: it was bought, whatever a person says.
	if result := w.ask(name, "resolve:not-bought"); !strings.Contains(result, "The provider has the order") {
		t.Errorf("result %q, want that the provider has the order", result)
	}
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
}

func TestAnAttemptEndedByHandCanBeRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true, callTimeout: 2 * time.Second})
	name := w.unknown("1001", zmasim.ErrorBefore)
	w.quiet()
	w.handled(name, "resolve:not-bought")
	o := w.waitForReason(name, v1alpha1.ReasonNeedsDecision)
	if meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionFundsReserved) {
		t.Error("the money of the ended attempt is still reserved")
	}
	w.sim.ClearFaults()
	w.handled(name, "retry")
	o = w.waitFor(name, "Ready", isReady)
	record := w.sim.Record()
	if bought, keys := len(record.PurchasesOf(w.identity("1001"))), len(record.KeysOf(w.identity("1001"))); bought != 1 || keys != 2 || o.Status.Submission.Attempt != 2 {
		t.Errorf("bought %d times under %d keys in attempt %d", bought, keys, o.Status.Submission.Attempt)
	}
}

func TestApproveAndReject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{policy: "strict"})
	above := int64(1)
	w.must(w.client.Create(t.Context(), &v1alpha1.OrderPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "strict"},
		Spec:       v1alpha1.OrderPolicySpec{Approval: &v1alpha1.ApprovalRule{AboveCents: above}},
	}))
	yes, no := shop.NewOrder("yes", item(zmasim.ProductOK)), shop.NewOrder("no", item(zmasim.ProductOK))
	approved, rejected := w.send(yes), w.send(no)
	w.waitForReason(approved, v1alpha1.ReasonAwaitingApproval)
	w.waitForReason(rejected, v1alpha1.ReasonAwaitingApproval)
	w.handled(approved, "approve")
	w.handled(rejected, "reject")
	w.waitFor(approved, "Ready", isReady)
	o := w.waitForReason(rejected, v1alpha1.ReasonDenied)
	w.refused(rejected, "approve@2", "AwaitingApproval")

	// A redelivery after deletion does not bring it back.
	w.must(w.client.Delete(t.Context(), o))
	if !eventually(func() bool { _, err := w.order(rejected); return apierrors.IsNotFound(err) }) {
		t.Fatal("the rejected order does not go")
	}
	w.waitForReason(w.send(no), v1alpha1.ReasonDenied)
	if n := len(w.sim.Record().PurchasesOf(w.identity("no"))); n != 0 {
		t.Errorf("the rejected order was bought %d times", n)
	}
}

func TestAbandonFreesAnOrderAndKeepsItsMoneyReserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true})
	name := w.unknown("1001", zmasim.Malformed)
	o, err := w.order(name)
	w.must(err)
	w.must(w.client.Delete(t.Context(), o))
	time.Sleep(500 * time.Millisecond)
	if _, err := w.order(name); err != nil {
		t.Fatalf("an order that may have been bought goes at once: %v", err)
	}
	patch := `{"metadata":{"annotations":{"zma.dev/recover":"abandon"}}}`
	w.must(w.client.Patch(t.Context(), o, client.RawPatch(types.MergePatchType, []byte(patch))))
	if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
		t.Fatal("an abandoned order does not go")
	}
	held, err := w.count("select count(*) from zma_cost_tracking where external_id = '1001' and state = 'reserved'")
	if err != nil || held != 1 {
		t.Errorf("%d reservations are kept: %v", held, err)
	}
	if n, err := w.count("select count(*) from order_recovery_logs where verb = 'abandon'"); err != nil || n != 1 {
		t.Errorf("%d rows in the recovery log: %v", n, err)
	}
}
