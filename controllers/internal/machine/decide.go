package machine

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// situation is what the rules look at.
type situation struct {
	order *v1alpha1.ZMAOrder
	facts Facts
	now   time.Time
}

// rule looks at one concern. It answers false when the concern is none of this
// order's.
type rule func(situation) (Action, bool)

// rules in the order in which they count. What may have been bought comes before
// what might be bought: no wish of a later rule may hide an open attempt.
func rules() []rule {
	return []rule{
		gone,
		finalizer,
		derivedName,
		closed,
		placed,
		accepted,
		unresolved,
		rejected,
		cancelled,
		permitted,
		validated,
		paid,
		reserved,
		ready,
	}
}

// Decide tells what to do next with an order. It is pure and total: every order
// gets an action.
func Decide(o *v1alpha1.ZMAOrder, f Facts, now time.Time) Action {
	s := situation{order: o, facts: f, now: now}
	for _, r := range rules() {
		if a, ok := r(s); ok {
			return a
		}
	}
	return Action{Kind: Done}
}

// gone lets a deleted order go, unless an attempt may yet turn out as bought, or
// its cost is not yet on record.
func gone(s situation) (Action, bool) {
	if s.order.DeletionTimestamp.IsZero() {
		return Action{}, false
	}
	if !controllerutil.ContainsFinalizer(s.order, v1alpha1.OrderFinalizer) {
		return Action{Kind: Done}, true
	}
	if s.mayCost() {
		return Action{}, false
	}
	return Action{Kind: Finalize}, true
}

// finalizer comes first for every living order: nothing is bought for an object
// that could vanish.
func finalizer(s situation) (Action, bool) {
	if controllerutil.ContainsFinalizer(s.order, v1alpha1.OrderFinalizer) {
		return Action{}, false
	}
	return Action{Kind: AddFinalizer}, true
}

// derivedName refuses an order whose name is not its source's: it would be a
// second object for one identity.
func derivedName(s situation) (Action, bool) {
	if v1alpha1.HasDerivedName(s.order) {
		return Action{}, false
	}
	return stall(v1alpha1.ReasonNameMismatch, "The name is not the one derived from the source, so another object may stand for the same order."), true
}

// closed leaves orders that have ended for good.
func closed(s situation) (Action, bool) {
	switch s.readyReason() {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonDenied, v1alpha1.ReasonInvalid,
		v1alpha1.ReasonRejected, v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonDelivered:
		return Action{Kind: Done}, !s.isTrue(v1alpha1.ConditionFundsReserved) || s.order.Status.Placement != nil
	}
	return Action{}, false
}

func (s situation) submission() *v1alpha1.Submission { return s.order.Status.Submission }

func (s situation) state() v1alpha1.SubmissionState {
	if sub := s.submission(); sub != nil {
		return sub.State
	}
	return ""
}

// mayCost tells whether money may have been or may yet be spent that the ledger
// does not know of.
func (s situation) mayCost() bool {
	switch s.state() {
	case v1alpha1.SubmissionIntended, v1alpha1.SubmissionUnknown:
		return true
	case v1alpha1.SubmissionAccepted:
		return s.readyReason() != v1alpha1.ReasonCancelledByRetailer && !s.isTrue(v1alpha1.ConditionCostRecorded)
	}
	return false
}

// suspended tells whether nothing new may be spent for the order.
func (s situation) suspended() bool {
	return s.order.Spec.Suspend || (s.facts.Account != nil && s.facts.Account.Spec.Suspend)
}

// unwanted tells whether nobody wants the order any more.
func (s situation) unwanted() bool {
	return s.order.Spec.Cancel || !s.order.DeletionTimestamp.IsZero()
}

func (s situation) isTrue(condition string) bool {
	return meta.IsStatusConditionTrue(s.order.Status.Conditions, condition)
}

func (s situation) readyReason() string {
	if c := meta.FindStatusCondition(s.order.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

// pause is the time until the persisted next attempt; 0 when it has come.
func (s situation) pause() time.Duration {
	r := s.order.Status.Recovery
	if r == nil || r.NextAttemptAt == nil {
		return 0
	}
	return max(0, r.NextAttemptAt.Sub(s.now))
}

func wait(reason, message string, after time.Duration) Action {
	return Action{Kind: Wait, Reason: reason, Message: message, After: after}
}

func stall(reason, message string) Action {
	return Action{Kind: Stall, Reason: reason, Message: message}
}
