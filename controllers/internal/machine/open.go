package machine

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// recheck is how often an order that waits for the outside is looked at, should
// the event that wakes it be lost.
const recheck = 5 * time.Minute

// Unresolved is the message of an order whose paid call has no known outcome.
const Unresolved = "A paid call has no known outcome; it is being looked up at the provider."

// placed accounts for an order that the retailer has placed, and follows it
// until it is delivered.
func placed(s situation) (Action, bool) {
	if s.order.Status.Placement == nil {
		return Action{}, false
	}
	if s.isTrue(v1alpha1.ConditionCostRecorded) {
		if s.cancelOpen() {
			return s.cancelPlaced(), true
		}
		return s.follow(), true
	}
	if cost := s.order.Status.Cost; cost == nil || cost.Actual == nil {
		return s.follow(), true
	}
	if p := s.pause(); p > 0 {
		return wait(v1alpha1.ReasonCostPending, "Placed; the cost is recorded as soon as the ledger answers.", p), true
	}
	return Action{Kind: RecordCost}, true
}

// accepted follows an order that the provider works on.
func accepted(s situation) (Action, bool) {
	if s.state() != v1alpha1.SubmissionAccepted {
		return Action{}, false
	}
	if a, blocked := s.unreachable(); blocked {
		return a, true
	}
	if s.order.Spec.Cancel && s.readyReason() != v1alpha1.ReasonCancelling {
		return Action{Kind: Abort}, true
	}
	return s.follow(), true
}

// unresolved finds out what became of a call without an outcome. Whoever finds
// an intent must take the call for possibly made: buying again is the one
// mistake that can't be taken back.
func unresolved(s situation) (Action, bool) {
	if !s.state().Unresolved() {
		return Action{}, false
	}
	if a, blocked := s.unreachable(); blocked {
		return a, true
	}
	if s.submission().RequestID != "" {
		return s.review(), true
	}
	overdue := s.now.Sub(firstIntent(s.submission())) > window(s.facts.Account)
	if p := s.providerPause(); p > 0 {
		return s.unknown(overdue, p), true
	}
	if s.facts.CircuitOpen {
		// Whoever asks now only waits for a timeout. The order is woken when the
		// provider answers again.
		return s.unknown(overdue, recheck), true
	}
	return Action{Kind: Resolve, Repeat: !overdue && !s.suspended() && !s.unwanted()}, true
}

// review keeps reading an order of which the provider itself does not know
// whether it was placed.
func (s situation) review() Action {
	if a := s.follow(); a.Kind == Observe {
		return a
	}
	a := stall(v1alpha1.ReasonSubmissionOutcomeUnknown, "The provider does not know whether the retailer has placed the order. Look at the retailer, then annotate it with zma.dev/recover=resolve:not-bought if it has not; see docs/runbooks/SubmissionOutcomeUnknown.md.")
	a.After = s.untilPoll()
	return a
}

func (s situation) unknown(overdue bool, after time.Duration) Action {
	if !overdue {
		return wait(v1alpha1.ReasonResolvingSubmission, Unresolved, after)
	}
	a := stall(v1alpha1.ReasonSubmissionOutcomeUnknown, "It could not be found out whether the order was bought. Look for its idempotency key at the provider and the retailer, then annotate it with zma.dev/recover=adopt:<requestID> or resolve:not-bought; see docs/runbooks/SubmissionOutcomeUnknown.md.")
	a.After = after
	return a
}

// follow reads an open order when a poll is due or the provider has called back.
// Callbacks are hints that may be lost, so every open order is polled, whatever
// its age.
func (s situation) follow() Action {
	if a, blocked := s.unreachable(); blocked {
		if s.order.Status.Placement != nil {
			a = Action{Kind: Wait, After: recheck}
		}
		return a
	}
	if due := s.untilPoll(); due > 0 {
		return Action{Kind: Wait, After: due}
	}
	return Action{Kind: Observe}
}

// untilPoll is the time until the next poll; 0 when it is due.
func (s situation) untilPoll() time.Duration {
	if s.facts.LastObserved.IsZero() || s.facts.Hinted {
		return 0
	}
	age := s.now.Sub(s.submission().IntentAt.Time)
	next := s.facts.LastObserved.Add(PollPause(age, s.facts.Account.Spec.Polling, s.facts.Jitter))
	return max(0, next.Sub(s.now))
}

// unreachable holds an open order whose account can't be asked about it. An
// order that was sent to one provider account is never looked for at another.
func (s situation) unreachable() (Action, bool) {
	account := s.facts.Account
	if account == nil || !s.facts.CredentialsFound {
		return wait(v1alpha1.ReasonAccountNotReady, "The ZMAAccount or the Secret of its token does not exist, so the order can't be followed.", recheck), true
	}
	if account.Spec.ProviderAccountID != s.submission().ProviderAccountID {
		return stall(v1alpha1.ReasonProviderAccountChanged, "The order was sent to another provider account than the ZMAAccount names now."), true
	}
	return Action{}, false
}

// firstIntent is when the provider may first have got a call of the attempt: one may
// have waited for long between its reservation and that. An attempt whose first
// intent nobody has noted may have been sent as soon as it was reserved.
func firstIntent(sub *v1alpha1.Submission) time.Time {
	if sub.FirstIntentAt != nil {
		return sub.FirstIntentAt.Time
	}
	return sub.ReservedAt.Time
}

func window(account *v1alpha1.ZMAAccount) time.Duration {
	if w := account.Spec.Submission.ResolveWindow; w != nil {
		return w.Duration
	}
	return 24 * time.Hour
}
