package e2e

import (
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// cancellations are orders that are cancelled before anything is bought.
func cancellations() []story {
	none := end{Reason: v1alpha1.ReasonCancelled, Outcome: "cancelled", Mirror: v1alpha1.ReasonCancelled}
	aborted := none.with(func(e *end) { e.Keys, e.Ledger = 1, "1 released" })
	ended := none.with(func(e *end) {
		e.Ledger, e.Alerts, e.Asked, e.Audited = "1 released", "SubmissionOutcomeUnknown resolved", "resolve:not-bought", "resolve:not-bought"
	})
	quick := settings{noCallbacks: true, callTimeout: 2 * time.Second}
	return []story{
		{
			name: "cancelled early", points: at(proxy.Release, proxy.End),
			begin: func(w *world) string {
				o := shop.NewOrder(orderID, item(zmasim.ProductOK))
				o.ShippingAddress.State = "ZZ"
				name := w.send(o)
				w.waitForReason(name, v1alpha1.ReasonAwaitingAddress)
				return name
			},
			act: cancels, end: none,
		},
		{
			name: "cancelled while dead and unreserved", points: at(proxy.Reservation)[:1],
			act: sends(zmasim.ProductOK), dead: func(w *world, name string) { w.cancel(name) }, end: none,
		},
		{
			// The next process can't know that the call was never made.
			name: "cancelled while dead and reserved", settings: quick,
			points: append(at(proxy.Reservation)[1:], append(at(proxy.Intent), at(proxy.PaidCall)[0])...),
			begin:  shortWindow, act: sends(zmasim.ProductOK), dead: func(w *world, name string) { w.cancel(name) },
			then: func(w *world, name string) string {
				w.waitForReason(name, v1alpha1.ReasonSubmissionOutcomeUnknown)
				w.quiet()
				return asks("resolve:not-bought")(w, name)
			},
			end: ended,
		},
		{
			name: "cancelled while dead and bought", points: at(proxy.PaidCall)[1:],
			act: sends(zmasim.ProductOK), dead: func(w *world, name string) { w.cancel(name) }, end: cancelledPlaced(),
		},
		{
			name: "abort", points: at(proxy.AbortCall, proxy.Release, proxy.End),
			begin: processing(zmasim.ProductStuck), act: cancels, end: aborted,
		},
		{
			name: "slow abort", settings: settings{sim: zmasim.Options{Processing: 3 * time.Second}}, points: at(proxy.AbortNote),
			begin: processing(zmasim.ProductAbortPending), act: cancels, end: aborted,
		},
	}
}

func cancels(w *world, name string) string {
	w.t.Helper()
	w.cancel(name)
	return name
}

// processing sends an order that the provider works on for a while.
func processing(product string) func(*world) string {
	return func(w *world) string {
		w.t.Helper()
		name := sends(product)(w, "")
		w.waitForReason(name, v1alpha1.ReasonProcessing)
		return name
	}
}

// shortWindow has a person asked soon about an unknown outcome.
func shortWindow(w *world) string {
	w.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Submission.ResolveWindow = &metav1.Duration{Duration: time.Second}
	})
	return ""
}

// refunds are orders that are cancelled after they were placed.
func refunds() []story {
	placed := bought().with(func(e *end) { e.Ledger = "1 settled refunded" })
	byRetailer := placed.with(func(e *end) {
		e.Reason, e.Mirror, e.Alerts = v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonCancelledByRetailer, "OrderCancelledByRetailer open"
	})
	return []story{
		{
			name:   "cancellation",
			points: append(at(proxy.CancellationCall, proxy.CancellationNote, proxy.Refund, proxy.Cancelled), nth(2, proxy.CancellationCall, proxy.Refund)...),
			begin:  comes(zmasim.ProductSplit, bought()), act: cancels, end: cancelledPlaced(), check: refundedOnce,
		},
		{
			name: "retailer cancels", points: at(proxy.Refund, proxy.Cancelled, proxy.Alert),
			act: sends(zmasim.ProductRetailerCancel), end: byRetailer, check: refundedOnce,
		},
		{
			name: "late refund", points: at(proxy.Refund, proxy.RefundNote),
			begin: func(w *world) string {
				w.sim.AddFault(zmasim.Fault{Method: "GET", PathPrefix: "/v1/addax/transactions", Kind: zmasim.ErrorBefore, Times: 3})
				return ""
			},
			act: sends(zmasim.ProductRetailerCancel), end: byRetailer, check: refundedOnce,
		},
	}
}

// cancelledPlaced is the end of a placed order that was cancelled as asked.
func cancelledPlaced() end {
	return bought().with(func(e *end) {
		e.Reason, e.Mirror = v1alpha1.ReasonCancelledAfterPlacement, v1alpha1.ReasonCancelledAfterPlacement
		e.Ledger = "1 settled refunded"
	})
}

// refundedOnce compares what is booked as paid back, and what the status says of
// it, with what was paid.
func refundedOnce(w *world, name string) error {
	n, err := w.count(`select count(*) from zma_cost_tracking c where refunded_cents = total_cents and total_cents =
		(select sum(cents) from order_refunds r where r.external_id = c.external_id)`)
	if err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("%d orders are paid back in full and once, want 1", n))
	}
	// The ledger books first; the status follows.
	_, err = w.await(name, "paid back in full", func(o *v1alpha1.ZMAOrder) bool {
		return o.Status.Cost.RefundedCents == o.Status.Cost.Actual.TotalCents
	})
	return err
}
