package act

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// Bounds of the lists in a status.
const (
	maxMerchantOrders = 50
	maxTracking       = 100
	maxDeliveryDates  = 50
)

// Messages of a placement; remarks may follow them.
const (
	placedMessage    = "The retailer has placed the order."
	deliveredMessage = "Every parcel has been delivered."
)

// place takes over a placement and what is known of its parcels.
func (x *Executors) place(t *Task, seen zma.Observation) {
	sub, now := t.Order.Status.Submission, x.time()
	sub.State, sub.ErrorCode = v1alpha1.SubmissionAccepted, ""
	if sub.ResolvedAt == nil {
		sub.ResolvedAt = &now
	}
	if t.Order.Status.Recovery != nil {
		t.Order.Status.Recovery.Rejections = 0
		x.progressed(t)
	}
	p := t.Order.Status.Placement
	if p == nil {
		p = &v1alpha1.Placement{PlacedAt: &now}
		t.Order.Status.Placement = p
	}
	p.MerchantOrderIDs = union(p.MerchantOrderIDs, seen.MerchantOrderIDs, maxMerchantOrders)
	seen.Parcels = joinDoubles(seen.Parcels, ordered(t.Order))
	p.Tracking = mergeTracking(p.Tracking, seen.Parcels, now)
	if len(seen.DeliveryDates) > 0 {
		p.DeliveryDates = seen.DeliveryDates[:min(len(seen.DeliveryDates), maxDeliveryDates)]
	}
	x.set(t.Order, v1alpha1.ConditionSubmitted, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider has accepted the order.")
	noteCancelled(t.Order, seen.CancelledMerchantOrders)
	strangers := noteStrays(t.Order, seen.StrayCancellations)
	x.set(t.Order, v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, placedMessage+remarks(seen.Items, strangers))
	if seen.Phase == zma.Placed && !cancelledWhole(t.Order) && arrived(t.Order, seen) {
		x.set(t.Order, v1alpha1.ConditionDelivered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, deliveredMessage)
	}
	if condition.IsTrue(t.Order, v1alpha1.ConditionCostRecorded) {
		x.advance(t)
		return
	}
	priced(t.Order, seen.Price)
	condition.Progress(t.Order, v1alpha1.ReasonCostPending, costPending(t, seen), now)
}

// costPending says what an order that is placed waits for.
func costPending(t *Task, seen zma.Observation) string {
	if seen.ForeignPrice != "" {
		return "Placed; the provider tells the price in " + seen.ForeignPrice + " and not what it charged in " + currencyOf(t.Account) + ", so that it can't be recorded."
	}
	return "Placed; the cost is being recorded."
}

// advance sets Ready by how far the parcels are.
func (x *Executors) advance(t *Task) {
	if cancelling(t.Order) || cancelledWhole(t.Order) {
		return // it says so, until the retailer has answered or for good
	}
	reason, message := v1alpha1.ReasonPlaced, "The retailer has placed the order and its cost is recorded."
	p := t.Order.Status.Placement
	switch {
	case delivered(t.Order):
		reason, message = v1alpha1.ReasonDelivered, deliveredMessage
	case len(p.Tracking) > 0:
		reason, message = v1alpha1.ReasonShipped, "Parcels are under way."
	}
	condition.Ready(t.Order, reason, message+remarked(t.Order), x.time())
}

func union(have, seen []string, limit int) []string {
	out := slices.Clone(have)
	for _, s := range seen {
		if !slices.Contains(out, s) && len(out) < limit {
			out = append(out, s)
		}
	}
	return out
}

// notified takes over whether the confirmation has left. It rides on a write
// that is made anyway, and never causes one.
func (x *Executors) notified(ctx context.Context, t *Task) {
	if condition.IsTrue(t.Order, v1alpha1.ConditionNotified) || !condition.IsTrue(t.Order, v1alpha1.ConditionCostRecorded) || !changed(t) {
		return
	}
	states, err := x.Ledger.MailStates(ctx, v1alpha1.IdentityOf(t.Order))
	if err == nil && states[confirmationKind] == "sent" {
		x.set(t.Order, v1alpha1.ConditionNotified, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The confirmation was sent.")
	}
}
