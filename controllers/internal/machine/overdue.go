package machine

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

// deadlines are how long each state should take at most. States that wait for a
// person have none: they are Stalled, which has alerts of its own. Processing
// outlasts the provider's queue of four hours.
func deadlines() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{
		v1alpha1.ReasonPolicyNotReady:      time.Hour,
		v1alpha1.ReasonAccountNotReady:     time.Hour,
		v1alpha1.ReasonPaymentPending:      day,
		v1alpha1.ReasonAwaitingFunds:       4 * time.Hour,
		v1alpha1.ReasonBudgetExceeded:      2 * day,
		v1alpha1.ReasonLedgerUnavailable:   15 * time.Minute,
		v1alpha1.ReasonProviderUnavailable: time.Hour,
		v1alpha1.ReasonThrottled:           time.Hour,
		v1alpha1.ReasonSubmitting:          15 * time.Minute,
		v1alpha1.ReasonResolvingSubmission: time.Hour,
		v1alpha1.ReasonProcessing:          6 * time.Hour,
		v1alpha1.ReasonProviderReview:      2 * day,
		v1alpha1.ReasonRetryScheduled:      8 * time.Hour,
		v1alpha1.ReasonCostPending:         time.Hour,
		v1alpha1.ReasonCancelling:          2 * day,
		v1alpha1.ReasonPlaced:              14 * day,
		v1alpha1.ReasonShipped:             30 * day,
	}
}

// Deadline is how long the state of a reason should take at most; 0 when it has
// no deadline. The account's own counts before the built-in one.
func Deadline(reason string, account *v1alpha1.ZMAAccount) time.Duration {
	if account != nil {
		for _, d := range account.Spec.Deadlines {
			if d.Reason == reason {
				return d.After.Duration
			}
		}
	}
	return deadlines()[reason]
}

// Overdue tells for how long an order has stayed beyond its state's deadline;
// negative is the time that is left. known is false when the state has none.
func Overdue(o *v1alpha1.ZMAOrder, account *v1alpha1.ZMAAccount, now time.Time) (by time.Duration, known bool) {
	reason := condition.ReadyReason(o)
	limit := Deadline(reason, account)
	if limit == 0 || len(o.Status.History) == 0 {
		return 0, false
	}
	return now.Sub(o.Status.History[len(o.Status.History)-1].At.Time) - limit, true
}
