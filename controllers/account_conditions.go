package controllers

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
)

func setAccount(a *v1alpha1.ZMAAccount, typ string, status metav1.ConditionStatus, reason, message string, now time.Time) {
	meta.SetStatusCondition(&a.Status.Conditions, metav1.Condition{
		Type: typ, Status: status, Reason: reason, Message: message, ObservedGeneration: a.Generation,
		LastTransitionTime: metav1.NewTime(now.UTC().Truncate(time.Second)),
	})
}

// readable takes over a balance and when it was read: the ledger adds what was
// settled since.
func readable(a *v1alpha1.ZMAAccount, cents int64, now time.Time) {
	at := metav1.NewTime(now.UTC().Truncate(time.Second))
	if last := a.Status.BalanceCents; last == nil || cents > *last {
		a.Status.BalanceRaisedAt = &at
	}
	a.Status.BalanceCents, a.Status.BalanceAt = &cents, &at
	setAccount(a, v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider takes the token.", now)
	low, critical := int64(100_000), int64(50_000)
	if b := a.Spec.Balance; b.LowCents != nil && b.CriticalCents != nil {
		low, critical = *b.LowCents, *b.CriticalCents
	}
	switch {
	case cents < critical:
		setAccount(a, v1alpha1.ConditionBalanceSufficient, metav1.ConditionFalse, v1alpha1.ReasonBalanceCritical, "The balance is below criticalCents.", now)
	case cents < low:
		setAccount(a, v1alpha1.ConditionBalanceSufficient, metav1.ConditionFalse, v1alpha1.ReasonBalanceLow, "The balance is below lowCents.", now)
	default:
		setAccount(a, v1alpha1.ConditionBalanceSufficient, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The balance is above its thresholds.", now)
	}
}

// unreadable says that the provider does not take the account's token.
func unreadable(a *v1alpha1.ZMAAccount, reason, message string, now time.Time) {
	setAccount(a, v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, reason, message, now)
	unknownBalance(a, now)
}

// unknownBalance forgets the last figure: an old balance must not hold orders,
// nor let them pass. The provider refuses what it can't pay, which costs nothing.
func unknownBalance(a *v1alpha1.ZMAAccount, now time.Time) {
	a.Status.BalanceCents, a.Status.BalanceAt = nil, nil
	setAccount(a, v1alpha1.ConditionBalanceSufficient, metav1.ConditionUnknown, v1alpha1.ReasonBalanceUnreadable, "The balance can't be read; orders are not held for it.", now)
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
	case credentials == nil:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonBalanceUnreadable, "The provider has not answered yet.", now)
	case credentials.Status != metav1.ConditionTrue:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionFalse, credentials.Reason, credentials.Message, now)
	default:
		setAccount(a, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "Orders can be submitted.", now)
	}
}

func withinBudget(a *v1alpha1.ZMAAccount, now time.Time) {
	b := a.Spec.Budget
	if b == nil {
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonNotRequired, "The account has no budget.", now)
		return
	}
	warn := int64(b.WarnAtPercent)
	worst := max(percent(a.Status.SpentTodayCents, b.DailyCents), percent(a.Status.SpentThisMonthCents, b.MonthlyCents))
	switch {
	case worst >= 100:
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionFalse, v1alpha1.ReasonBudgetExceeded, "The budget is used up.", now)
	case worst >= warn:
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonNearBudget, fmt.Sprintf("More than %d %% of the budget is used.", warn), now)
	default:
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The budget leaves room.", now)
	}
}

// percent of a limit that is used; 0 without a limit.
func percent(used int64, limit *int64) int64 {
	if limit == nil {
		return 0
	}
	if *limit == 0 {
		return 100
	}
	return used * 100 / *limit
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
