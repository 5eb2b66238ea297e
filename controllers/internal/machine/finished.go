package machine

import (
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Finished tells whether nothing is left to do for an order, neither by itself nor
// by a wish that nobody has answered yet, and since when. Whether its money is at
// rest is for the ledger to say.
func Finished(o *v1alpha1.ZMAOrder, now time.Time) (since time.Time, ok bool) {
	s := situation{order: o, now: now}
	if !o.DeletionTimestamp.IsZero() || o.Status.ObservedGeneration != o.Generation || s.waitsForAnswer() || !s.ended() {
		return time.Time{}, false
	}
	for _, c := range o.Status.Conditions {
		since = later(since, c.LastTransitionTime.Time)
	}
	for _, h := range o.Status.History {
		since = later(since, h.At.Time)
	}
	return since, true
}

// ended tells whether Decide would leave the order alone for ever.
func (s situation) ended() bool {
	switch s.readyReason() {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonDenied, v1alpha1.ReasonInvalid, v1alpha1.ReasonRejected:
		return !s.isTrue(v1alpha1.ConditionFundsReserved)
	case v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonCancelledAfterPlacement:
		return s.isTrue(v1alpha1.ConditionCostRecorded) && s.awaitRefund().Kind == Done
	case v1alpha1.ReasonDelivered:
		return s.isTrue(v1alpha1.ConditionReady) && s.isTrue(v1alpha1.ConditionCostRecorded) && !s.cancelOpen()
	case v1alpha1.ReasonAbandoned:
		return s.isAbandoned()
	}
	return false
}

// waitsForAnswer tells whether a person has asked for something that was not acted
// on yet.
func (s situation) waitsForAnswer() bool {
	asked := s.order.Annotations[v1alpha1.AnnotationRecover]
	if asked == "" {
		return false
	}
	r := s.order.Status.Recovery
	return r == nil || !slices.Contains(append(slices.Clone(r.HandledRequests), r.LastHandledRequest), Handled(asked))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
