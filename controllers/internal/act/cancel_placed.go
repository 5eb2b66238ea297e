package act

import (
	"context"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// cancelPlaced asks the provider to cancel what the retailer has placed, each
// merchant order by itself. Asking twice, after a crash, does no harm.
func (x *Executors) cancelPlaced(ctx context.Context, t *Task, _ machine.Action) error {
	if delivered(t.Order) {
		x.cancellationRefused(t, deliveredMessage)
		return nil
	}
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	if len(t.Order.Status.Placement.MerchantOrderIDs) == 0 {
		x.cancellationRefused(t, "The retailer's order IDs are not known, so it can't be asked.")
		return nil
	}
	c := x.cancellation(t)
	for _, id := range t.Order.Status.Placement.MerchantOrderIDs {
		if slices.ContainsFunc(c.MerchantOrders, func(m v1alpha1.MerchantCancellation) bool { return m.MerchantOrderID == id }) {
			continue
		}
		asked, err := x.askToCancel(ctx, provider, t.Order.Status.Submission.RequestID, id)
		if err != nil {
			x.backoff(t, 0)
			return &Wait{Reason: v1alpha1.ReasonCancelling, Message: machine.Cancelling, After: turnRecheck, Err: err}
		}
		c.MerchantOrders = append(c.MerchantOrders, asked)
	}
	x.progressed(t)
	x.Polls.Seen(t.Order, x.Now())
	x.set(t.Order, v1alpha1.ConditionCancelled, metav1.ConditionFalse, v1alpha1.ReasonProgressing, machine.Cancelling)
	condition.Progress(t.Order, v1alpha1.ReasonCancelling, machine.Cancelling, x.time())
	x.cancellationEnds(t)
	return nil
}

func (x *Executors) cancellation(t *Task) *v1alpha1.Cancellation {
	if t.Order.Status.Cancellation == nil {
		t.Order.Status.Cancellation = &v1alpha1.Cancellation{}
	}
	if t.Order.Status.Cancellation.RequestedAt == nil {
		now := x.time()
		t.Order.Status.Cancellation.RequestedAt = &now
	}
	return t.Order.Status.Cancellation
}

// askToCancel asks for one merchant order. A refusal is an answer, not an error.
func (x *Executors) askToCancel(ctx context.Context, provider zma.Client, requestID, merchantOrderID string) (v1alpha1.MerchantCancellation, error) {
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	m := v1alpha1.MerchantCancellation{MerchantOrderID: merchantOrderID, State: v1alpha1.CancellationRequested}
	id, err := provider.Cancel(callCtx, requestID, merchantOrderID)
	var call *zma.CallError
	if errors.As(err, &call) && (call.Kind == zma.KindRefused || call.Kind == zma.KindUnsupported) {
		m.State, m.ErrorCode = v1alpha1.CancellationRefused, call.Code
		return m, nil
	}
	m.RequestID = id
	return m, err
}

// followCancellation reads how far the cancellations are, and the order itself:
// its parcels may leave meanwhile.
func (x *Executors) followCancellation(ctx context.Context, t *Task, a machine.Action) error {
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	for i := range t.Order.Status.Cancellation.MerchantOrders {
		m := &t.Order.Status.Cancellation.MerchantOrders[i]
		if m.State != v1alpha1.CancellationRequested {
			continue
		}
		if err := x.readCancellation(ctx, provider, m); err != nil {
			log(ctx).Info("A cancellation could not be read", "error", err.Error())
		}
	}
	if err := x.observe(ctx, t, a); err != nil {
		return err
	}
	x.cancellationEnds(t)
	return nil
}

func (x *Executors) readCancellation(ctx context.Context, provider zma.Client, m *v1alpha1.MerchantCancellation) error {
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	c, err := provider.Cancellation(callCtx, m.RequestID)
	if err != nil {
		return err
	}
	switch c.State {
	case zma.CancellationDone:
		m.State = v1alpha1.CancellationCancelled
	case zma.CancellationRefused:
		m.State, m.ErrorCode = v1alpha1.CancellationRefused, c.Code
	}
	return nil
}

// cancellationEnds says how the cancellation ended, once each merchant order has
// its answer. A refused one leaves the order as it is: bought.
func (x *Executors) cancellationEnds(t *Task) {
	c := t.Order.Status.Cancellation
	if !cancelling(t.Order) || slices.ContainsFunc(c.MerchantOrders, func(m v1alpha1.MerchantCancellation) bool { return m.State == v1alpha1.CancellationRequested }) {
		return
	}
	cancelled, all := len(cancelledOf(t.Order)), len(c.MerchantOrders)
	if cancelled == all {
		x.cancelledAsAsked(t)
		return
	}
	x.cancellationRefused(t, fmt.Sprintf("%d of %d merchant orders could be cancelled; the rest goes on.", cancelled, all))
}

func (x *Executors) cancelledAsAsked(t *Task) {
	x.set(t.Order, v1alpha1.ConditionCancelled, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The retailer has cancelled the order.")
	condition.Stall(t.Order, v1alpha1.ReasonCancelledAfterPlacement, "Cancelled as asked after it was placed; the refund is watched for.", x.time())
}

func (x *Executors) cancellationRefused(t *Task, message string) {
	x.set(t.Order, v1alpha1.ConditionCancelled, metav1.ConditionFalse, v1alpha1.ReasonCancellationRefused, message)
	x.warn(t, v1alpha1.ReasonCancellationRefused, message)
	x.advance(t)
}

// cancelledAfterPlacement takes over that everything was cancelled: as asked, or by
// the retailer itself.
func (x *Executors) cancelledAfterPlacement(t *Task, seen zma.Observation) {
	noteCancelled(t.Order, seen.CancelledMerchantOrders)
	if t.Order.Spec.Cancel && t.Order.Status.Cancellation != nil && t.Order.Status.Cancellation.RequestedAt != nil {
		x.cancelledAsAsked(t)
		return
	}
	condition.Stall(t.Order, v1alpha1.ReasonCancelledByRetailer, "The retailer cancelled the order after placing it; the refund is watched for.", x.time())
}

// cancelling tells whether a placed order waits for the answer to its cancellation.
func cancelling(o *v1alpha1.ZMAOrder) bool {
	if !o.Spec.Cancel || o.Status.Cancellation == nil {
		return false
	}
	for _, c := range o.Status.Conditions {
		if c.Type == v1alpha1.ConditionCancelled {
			return c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonProgressing
		}
	}
	return false
}

// cancelledWhole tells whether a placed order has ended as cancelled. An answer that
// still shows it as placed, as a late one does, changes nothing of that.
func cancelledWhole(o *v1alpha1.ZMAOrder) bool {
	switch condition.ReadyReason(o) {
	case v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonCancelledAfterPlacement:
		return true
	}
	return false
}

// noteCancelled notes merchant orders that the provider shows as cancelled.
func noteCancelled(o *v1alpha1.ZMAOrder, ids []string) {
	if len(ids) == 0 {
		return
	}
	if o.Status.Cancellation == nil {
		o.Status.Cancellation = &v1alpha1.Cancellation{}
	}
	c := o.Status.Cancellation
	for _, id := range ids {
		i := slices.IndexFunc(c.MerchantOrders, func(m v1alpha1.MerchantCancellation) bool { return m.MerchantOrderID == id })
		if i < 0 {
			if len(c.MerchantOrders) == maxMerchantOrders {
				return
			}
			i, c.MerchantOrders = len(c.MerchantOrders), append(c.MerchantOrders, v1alpha1.MerchantCancellation{MerchantOrderID: id})
		}
		c.MerchantOrders[i].State, c.MerchantOrders[i].ErrorCode = v1alpha1.CancellationCancelled, ""
	}
}

// noteStrays notes cancelled merchant orders that the answer itself does not list any
// more but that are on record, and gives the others: they are none of this order's.
func noteStrays(o *v1alpha1.ZMAOrder, ids []string) (strangers []string) {
	for _, id := range ids {
		if slices.Contains(o.Status.Placement.MerchantOrderIDs, id) {
			noteCancelled(o, []string{id})
			continue
		}
		strangers = append(strangers, id)
	}
	return strangers
}

// cancelledOf are the merchant orders that were cancelled.
func cancelledOf(o *v1alpha1.ZMAOrder) []string {
	var out []string
	if o.Status.Cancellation == nil {
		return nil
	}
	for _, m := range o.Status.Cancellation.MerchantOrders {
		if m.State == v1alpha1.CancellationCancelled {
			out = append(out, m.MerchantOrderID)
		}
	}
	return out
}
