package controllers

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
)

func setAccount(a *v1alpha1.ZMAAccount, typ string, status metav1.ConditionStatus, reason, message string, now time.Time) {
	meta.SetStatusCondition(&a.Status.Conditions, metav1.Condition{
		Type: typ, Status: status, Reason: reason, Message: message, ObservedGeneration: a.Generation,
		LastTransitionTime: metav1.NewTime(now.UTC().Truncate(time.Second)),
	})
}

// readable takes over a balance and when it was asked for: the ledger adds what was
// settled since. Counted from the question, as the answer may be older than its
// arrival.
func readable(a *v1alpha1.ZMAAccount, cents int64, asked, now time.Time) {
	at := metav1.NewTime(asked.UTC().Truncate(time.Second))
	if last := a.Status.BalanceCents; last == nil || cents > *last {
		raised := metav1.NewTime(now.UTC().Truncate(time.Second))
		a.Status.BalanceRaisedAt = &raised
	}
	a.Status.BalanceCents, a.Status.BalanceAt = &cents, &at
	setAccount(a, v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider takes the token.", now)
}

// unreadable says that the provider does not take the account's token.
func unreadable(a *v1alpha1.ZMAAccount, reason, message string, now time.Time) {
	setAccount(a, v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, reason, message, now)
	unknownBalance(a)
}

// unknownBalance forgets the last figure: an old balance must not hold orders,
// nor let them pass. The provider refuses what it can't pay, which costs nothing.
func unknownBalance(a *v1alpha1.ZMAAccount) {
	a.Status.BalanceCents, a.Status.BalanceAt = nil, nil
}

// circuit sets CircuitClosed. The next process goes on with what it says.
func circuit(a *v1alpha1.ZMAAccount, state pace.State, now time.Time) {
	switch state {
	case pace.Open:
		setAccount(a, v1alpha1.ConditionCircuitClosed, metav1.ConditionFalse, v1alpha1.ReasonCircuitOpen, "The provider keeps failing; nothing is submitted until it answers.", now)
	case pace.HalfOpen:
		setAccount(a, v1alpha1.ConditionCircuitClosed, metav1.ConditionFalse, v1alpha1.ReasonCircuitOpen, "The provider answers again; one order tries.", now)
	default:
		setAccount(a, v1alpha1.ConditionCircuitClosed, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider answers.", now)
	}
}

// conclude sets WithinBudget and Ready.
func (r *AccountReconciler) conclude(a *v1alpha1.ZMAAccount) {
	now := r.now()
	withinBudget(a, now)
	a.Status.ObservedGeneration = a.Generation
	credentials := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionCredentialsValid)
	switch {
	case a.Spec.Suspend:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonSuspended, "The account is suspended; nothing new is spent.", now)
	case !act.KnownZone(a.Spec.Budget):
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonInvalid, "budget.timezone names no known time zone; orders wait, since nobody can tell when a day begins.", now)
	case credentials == nil:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonBalanceUnreadable, "The provider has not answered yet.", now)
	case credentials.Status != metav1.ConditionTrue:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionFalse, credentials.Reason, credentials.Message, now)
	default:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "Orders can be submitted.", now)
	}
}

// underWay tells whether an order's attempt may yet cost, or has and is not
// recorded.
func underWay(o *v1alpha1.ZMAOrder) bool {
	s := o.Status.Submission
	if s == nil {
		return false
	}
	if s.State.Unresolved() {
		return true
	}
	return s.State == v1alpha1.SubmissionAccepted && !condition.IsTrue(o, v1alpha1.ConditionCostRecorded) &&
		condition.ReadyReason(o) != v1alpha1.ReasonCancelledByRetailer
}
