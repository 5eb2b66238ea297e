package machine

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// RefundWindow is how long the money of a cancelled order is waited for before a
// person is asked.
const RefundWindow = 30 * 24 * time.Hour

// Cancelling is the message of a placed order whose cancellation is under way.
const Cancelling = "The retailer was asked to cancel what it has placed."

// cancelOpen tells whether a placed order is to be cancelled and it is not known
// yet what came of it.
func (s situation) cancelOpen() bool {
	if !s.order.Spec.Cancel || s.order.Status.Placement == nil {
		return false
	}
	c := meta.FindStatusCondition(s.order.Status.Conditions, v1alpha1.ConditionCancelled)
	return c == nil || (c.Status != metav1.ConditionTrue && c.Reason != v1alpha1.ReasonCancellationRefused)
}

// cancelPlaced cancels an order that the retailer has placed: each merchant order
// is asked for by itself, and its answer waited for.
func (s situation) cancelPlaced() Action {
	if a, blocked := s.unreachable(); blocked {
		return a
	}
	if p := s.providerPause(); p > 0 {
		return wait(v1alpha1.ReasonCancelling, Cancelling, p)
	}
	if s.unasked() {
		return Action{Kind: Cancel}
	}
	if due := s.untilPoll(); due > 0 {
		return wait(v1alpha1.ReasonCancelling, Cancelling, due)
	}
	return Action{Kind: FollowCancellation}
}

// unasked tells whether a merchant order has not been asked for yet. Without any
// there is nothing to ask for, which the executor has to say.
func (s situation) unasked() bool {
	ids := s.order.Status.Placement.MerchantOrderIDs
	if len(ids) == 0 || s.order.Status.Cancellation == nil {
		return true
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(s.order.Status.Cancellation.MerchantOrders, func(m v1alpha1.MerchantCancellation) bool { return m.MerchantOrderID == id })
	})
}

// awaitRefund follows a cancelled order until its money is back, or the time for
// that is over.
func (s situation) awaitRefund() Action {
	left := RefundWindow - s.now.Sub(stalledSince(s.order))
	if Refunded(s.order) || left <= 0 {
		return Action{Kind: Done}
	}
	if _, blocked := s.unreachable(); blocked {
		return Action{Kind: Wait, After: min(recheck, left)}
	}
	if due := s.untilPoll(); due > 0 {
		return Action{Kind: Wait, After: min(due, left)}
	}
	return Action{Kind: Observe}
}

// Refunded tells whether everything that was paid for an order has come back.
func Refunded(o *v1alpha1.ZMAOrder) bool {
	cost := o.Status.Cost
	return cost == nil || cost.Actual == nil || cost.RefundedCents >= cost.Actual.TotalCents
}

func stalledSince(o *v1alpha1.ZMAOrder) time.Time {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionStalled); c != nil {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}
