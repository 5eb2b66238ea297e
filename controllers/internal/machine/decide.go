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
		leaving,
		finalizer,
		asked,
		derivedName,
		recall,
		gone,
		abandoned,
		closed,
		placed,
		accepted,
		doubted,
		unresolved,
		rejected,
		cancelled,
		refusedByHand,
		permitted,
		outdated,
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

// leaving leaves a deleted order that nothing of ours holds any more.
func leaving(s situation) (Action, bool) {
	held := controllerutil.ContainsFinalizer(s.order, v1alpha1.OrderFinalizer)
	return Action{Kind: Done}, !s.order.DeletionTimestamp.IsZero() && !held
}

// gone lets a deleted order go, unless an attempt may yet turn out as bought, or
// its cost is not yet on record. An abandoned order goes in any case.
func gone(s situation) (Action, bool) {
	if s.order.DeletionTimestamp.IsZero() || (s.mayCost() && !s.isAbandoned()) {
		return Action{}, false
	}
	return Action{Kind: Finalize}, true
}

// recall asks the ledger about an order whose status may know less than the ledger.
// It may have been made anew, restored without its status or with an older one, or
// lost the write that followed its latest reservation. Until the ledger has spoken,
// nothing may be taken for unsent.
func recall(s situation) (Action, bool) {
	if s.facts.Recalled || s.isAbandoned() || !s.mayBeOlder() {
		return Action{}, false
	}
	return Action{Kind: Recall}, !final(s.readyReason())
}

// mayBeOlder tells whether the order is about to do what an older status would do
// wrong: send, or end as one of which nothing was bought. What is accepted only
// follows the provider, and the next attempt after a failed one is admitted by the
// ledger itself.
func (s situation) mayBeOlder() bool {
	switch s.state() {
	case v1alpha1.SubmissionAccepted:
		return false
	case v1alpha1.SubmissionRejected:
		return s.unwanted() || s.isRejectedByHand()
	case v1alpha1.SubmissionIntended, v1alpha1.SubmissionUnknown:
		return s.submission().RequestID == ""
	}
	return true
}

// EndsUnsent tells whether an order is about to end because nothing was sent for it.
func EndsUnsent(o *v1alpha1.ZMAOrder) bool {
	s := situation{order: o}
	return s.state() == v1alpha1.SubmissionNotSent && (s.unwanted() || s.isRejectedByHand())
}

// abandoned leaves an order that a person has given up.
func abandoned(s situation) (Action, bool) {
	return stall(v1alpha1.ReasonAbandoned, "Given up by hand: it is not followed any more, and what is reserved for it stays reserved."), s.isAbandoned()
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
	if !s.order.DeletionTimestamp.IsZero() {
		return Action{Kind: Finalize}, true
	}
	return stall(v1alpha1.ReasonNameMismatch, "The name is not the one derived from the source, so another object may stand for the same order."), true
}

// closed leaves orders that have ended for good.
func closed(s situation) (Action, bool) {
	switch s.readyReason() {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonDenied, v1alpha1.ReasonInvalid, v1alpha1.ReasonRejected:
		return Action{Kind: Done}, !s.isTrue(v1alpha1.ConditionFundsReserved) || s.order.Status.Placement != nil
	case v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonCancelledAfterPlacement:
		return s.awaitRefund(), true
	case v1alpha1.ReasonDelivered:
		// News of a delivered order, such as a refund, come by callback alone. A late
		// wish to cancel gets its answer.
		return Action{Kind: Done}, !s.facts.Hinted && !s.cancelOpen()
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

func (s situation) isAbandoned() bool {
	return s.order.Status.Recovery != nil && s.order.Status.Recovery.Abandoned
}

func (s situation) isRejectedByHand() bool {
	return s.order.Status.Recovery != nil && s.order.Status.Recovery.Rejected
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

// providerPause is the pause of a call that the provider did not answer. It ends
// when the provider is back, however long it was meant to be.
func (s situation) providerPause() time.Duration {
	r := s.order.Status.Recovery
	if r != nil && r.PausedAt != nil && s.facts.ProviderBackAt.After(r.PausedAt.Time) {
		return 0
	}
	return s.pause()
}

func wait(reason, message string, after time.Duration) Action {
	return Action{Kind: Wait, Reason: reason, Message: message, After: after}
}

func stall(reason, message string) Action {
	return Action{Kind: Stall, Reason: reason, Message: message}
}
