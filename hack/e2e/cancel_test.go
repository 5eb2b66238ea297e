package e2e

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func (w *world) cancel(name string) {
	w.t.Helper()
	w.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Spec.Cancel = true })
}

// refunded waits until everything that was paid for an order is booked as paid
// back, in the ledger and by the provider.
func (w *world) refunded(externalID string) {
	w.t.Helper()
	if !eventually(func() bool {
		n, err := w.count("select count(*) from zma_cost_tracking where external_id = $1 and state = 'settled' and refunded_cents = total_cents and total_cents > 0", externalID)
		return err == nil && n == 1
	}) {
		w.t.Errorf("the refund of order %s is not booked", externalID)
	}
	for _, p := range w.sim.Record().PurchasesOf(w.identity(externalID)) {
		if !p.Cancelled {
			w.t.Errorf("the provider has not cancelled order %s", externalID)
		}
	}
}

func TestCancellingAPlacedOrderBringsTheMoneyBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	for id, product := range map[string]string{"direct": zmasim.ProductCancelDirect, "attempting": zmasim.ProductOK, "split": zmasim.ProductSplit} {
		name := w.send(shop.NewOrder(id, item(product)))
		w.waitFor(name, "Ready", isReady)
		w.cancel(name)
		o := w.waitForReason(name, v1alpha1.ReasonCancelledAfterPlacement)
		if !meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionCancelled) {
			t.Errorf("%s: condition Cancelled is not True", id)
		}
		w.refunded(id)
	}
}

// TestARefusedCancellationLeavesTheOrderBought: it must not read as a failed order.
func TestARefusedCancellationLeavesTheOrderBought(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductCancelRefused)))
	w.waitFor(name, "Ready", isReady)
	w.cancel(name)
	o := w.waitFor(name, "a refused cancellation", func(o *v1alpha1.ZMAOrder) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionCancelled)
		return c != nil && c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonCancellationRefused
	})
	if !isReady(o) {
		t.Errorf("after a refused cancellation the order is %s", readyReason(o))
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
}

func TestCancellingWhileTheProviderWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: 3 * time.Second}})
	wanted := map[string]string{
		zmasim.ProductOK:           v1alpha1.ReasonCancelled,
		zmasim.ProductAbortPending: v1alpha1.ReasonCancelled,
		zmasim.ProductStuck:        v1alpha1.ReasonCancelled,
		zmasim.ProductAbortTooLate: v1alpha1.ReasonCancelledAfterPlacement,
		zmasim.ProductAbortRefused: v1alpha1.ReasonCancelledAfterPlacement,
	}
	names := map[string]string{}
	for product := range wanted {
		names[product] = w.send(shop.NewOrder(product, item(product)))
	}
	for product := range wanted {
		w.waitForReason(names[product], v1alpha1.ReasonProcessing)
		w.cancel(names[product])
	}
	for product, reason := range wanted {
		w.waitForReason(names[product], reason)
		if reason == v1alpha1.ReasonCancelledAfterPlacement {
			w.refunded(product)
			continue
		}
		if n := len(w.sim.Record().PurchasesOf(w.identity(product))); n != 0 {
			t.Errorf("%s was bought %d times", product, n)
		}
		if held, err := w.count("select count(*) from zma_cost_tracking where external_id = $1 and state <> 'released'", product); err != nil || held != 0 {
			t.Errorf("%s still holds money: %d, %v", product, held, err)
		}
	}
}

// TestScheduledOrders go at their time, unless they are cancelled before.
func TestScheduledOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	soon, later := w.byHand("soon", 3*time.Second), w.byHand("later", time.Hour)
	w.waitForReason(later, v1alpha1.ReasonScheduled)
	w.cancel(later)
	w.waitForReason(later, v1alpha1.ReasonCancelled)
	o := w.waitFor(soon, "Ready", isReady)
	if o.Status.Submission.IntentAt.Before(o.Spec.NotBefore) {
		t.Errorf("submitted at %s, before %s", o.Status.Submission.IntentAt, o.Spec.NotBefore)
	}
}

// byHand makes an order with kubectl's means.
func (w *world) byHand(name string, in time.Duration) string {
	w.t.Helper()
	at := metav1.NewTime(time.Now().Add(in))
	cents := int64(1999)
	w.must(w.client.Create(w.t.Context(), &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec: v1alpha1.ZMAOrderSpec{
			AccountRef: v1alpha1.LocalReference{Name: shop.AccountName},
			Items:      []v1alpha1.OrderItem{{ProductID: zmasim.ProductOK, Quantity: 1, UnitPriceCents: &cents}},
			ShippingAddress: v1alpha1.Address{
				FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland",
				State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567",
			},
			Customer: v1alpha1.Customer{ID: "by-hand"}, Total: v1alpha1.Money{Currency: "USD", AmountCents: cents}, NotBefore: &at,
		},
	}))
	return name
}

func TestSuspendStopsNewSpendingAndResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: 2 * time.Second}})
	under := w.send(shop.NewOrder("under-way", item(zmasim.ProductOK)))
	w.waitForReason(under, v1alpha1.ReasonProcessing)
	w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Suspend = true })
	held := w.send(shop.NewOrder("held", item(zmasim.ProductOK)))
	w.waitForReason(held, v1alpha1.ReasonSuspended)
	w.waitFor(under, "Ready though its account is suspended", isReady)
	if n := len(w.sim.Record().KeysOf(w.identity("held"))); n != 0 {
		t.Errorf("%d paid calls of a suspended account", n)
	}
	w.changeOrder(held, func(o *v1alpha1.ZMAOrder) { o.Spec.Suspend = true })
	w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Suspend = false })
	w.waitForReason(held, v1alpha1.ReasonSuspended)
	w.changeOrder(held, func(o *v1alpha1.ZMAOrder) { o.Spec.Suspend = false })
	w.waitFor(held, "Ready", isReady)
	w.check(w.boughtOnce("held"))
}

// TestAnOverdueOrderSaysSo, until it goes on.
func TestAnOverdueOrderSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: time.Second}})
	w.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Deadlines = []v1alpha1.Deadline{{Reason: v1alpha1.ReasonProcessing, After: metav1.Duration{Duration: time.Second}}}
	})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductSlow)))
	w.waitFor(name, "overdue", func(o *v1alpha1.ZMAOrder) bool {
		return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionOverdue)
	})
	o := w.waitFor(name, "Ready", isReady)
	if meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionOverdue) != nil {
		t.Error("the order is Ready and still overdue")
	}
}

// TestAnOutageOpensTheCircuitAndEndsByItself: orders wait without calls, and go when
// the provider is back.
func TestAnOutageOpensTheCircuitAndEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Breaker.Failures, a.Spec.Breaker.OpenFor = 3, &metav1.Duration{Duration: time.Second}
	})
	w.sim.AddFault(zmasim.Fault{PathPrefix: "/v1/", Kind: zmasim.ErrorBefore, Status: 503})
	var names []string
	for i := range 12 {
		names = append(names, w.send(shop.NewOrder(fmt.Sprint(i), item(zmasim.ProductOK))))
	}
	w.circuit(metav1.ConditionFalse)
	w.sim.ClearFaults()
	for i, name := range names {
		w.waitFor(name, "Ready", isReady)
		w.check(w.boughtOnce(fmt.Sprint(i)))
	}
	w.circuit(metav1.ConditionTrue)
}

func (w *world) circuit(status metav1.ConditionStatus) {
	w.t.Helper()
	if !eventually(func() bool {
		a := w.account()
		return meta.IsStatusConditionPresentAndEqual(a.Status.Conditions, v1alpha1.ConditionCircuitClosed, status)
	}) {
		w.t.Fatalf("CircuitClosed does not become %s", status)
	}
}
