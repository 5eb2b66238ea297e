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
	p.Tracking = mergeTracking(p.Tracking, seen.Parcels, now)
	if len(seen.DeliveryDates) > 0 {
		p.DeliveryDates = seen.DeliveryDates[:min(len(seen.DeliveryDates), maxDeliveryDates)]
	}
	x.set(t.Order, v1alpha1.ConditionSubmitted, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider has accepted the order.")
	x.set(t.Order, v1alpha1.ConditionPlaced, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The retailer has placed the order.")
	noteCancelled(t.Order, seen.CancelledMerchantOrders)
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
		reason, message = v1alpha1.ReasonDelivered, "Every parcel has been delivered."
		x.set(t.Order, v1alpha1.ConditionDelivered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, message)
	case len(p.Tracking) > 0:
		reason, message = v1alpha1.ReasonShipped, "Parcels are under way."
	}
	condition.Ready(t.Order, reason, message, x.time())
}

// delivered tells whether everything has arrived: each merchant order has at
// least one parcel, and no known parcel is still under way. One parcel of many
// does not make an order delivered; merchant orders that were cancelled do not
// count.
func delivered(o *v1alpha1.ZMAOrder) bool {
	p := o.Status.Placement
	if len(p.Tracking) == 0 || len(p.Tracking) < len(p.MerchantOrderIDs)-len(cancelledOf(o)) {
		return false
	}
	return !slices.ContainsFunc(p.Tracking, func(tr v1alpha1.Tracking) bool { return tr.DeliveredAt == nil })
}

// mergeTracking adds what is new and forgets nothing: a late, shorter answer
// does not take a delivery back.
func mergeTracking(have []v1alpha1.Tracking, seen []zma.Parcel, now metav1.Time) []v1alpha1.Tracking {
	out := slices.Clone(have)
	for _, parcel := range seen {
		i := slices.IndexFunc(out, func(tr v1alpha1.Tracking) bool { return tr.Number == parcel.Number && tr.Carrier == parcel.Carrier })
		if i < 0 {
			if len(out) == maxTracking {
				continue
			}
			out, i = append(out, v1alpha1.Tracking{Carrier: parcel.Carrier, Number: parcel.Number}), len(out)
		}
		if parcel.URL != "" {
			out[i].URL = parcel.URL
		}
		if parcel.Delivered && out[i].DeliveredAt == nil {
			out[i].DeliveredAt = &now
		}
	}
	return out
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
