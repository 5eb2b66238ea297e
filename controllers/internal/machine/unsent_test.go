package machine

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestWhatAnUnsentAttemptWasPreparedForHasToHold walks an order from an edit of what
// its unsent attempt would have sent to the next attempt.
func TestWhatAnUnsentAttemptWasPreparedForHasToHold(t *testing.T) {
	const notSent, refused = v1alpha1.SubmissionNotSent, v1alpha1.SubmissionRejected
	stale := func(f *Facts) { f.Outdated = true }
	ended := code(CodeSuperseded)
	for name, c := range map[string]struct {
		order   *v1alpha1.ZMAOrder
		facts   Facts
		kind    Kind
		reason  string
		attempt int64
	}{
		"what does not fit any more is ended":             {order: order(checked(), attempt(1, notSent)), facts: facts(stale), kind: Supersede},
		"before the order is checked again":               {order: order(checked(), attempt(1, notSent), func(o *v1alpha1.ZMAOrder) { o.Generation = 2 }), facts: facts(stale), kind: Supersede},
		"its pause does not matter":                       {order: order(checked(), attempt(1, notSent), retryAt(t0.Add(time.Minute))), facts: facts(stale), kind: Supersede},
		"what fits is sent as it is":                      {order: order(checked(), attempt(1, notSent)), facts: facts(), kind: Submit},
		"a suspended order is left as it is":              {order: order(checked(), attempt(1, notSent), suspend), facts: facts(stale), kind: Stall, reason: v1alpha1.ReasonSuspended},
		"a cancelled order ends":                          {order: order(checked(), attempt(1, notSent), cancel), facts: facts(stale), kind: Release, reason: v1alpha1.ReasonCancelled},
		"while the circuit is open nobody can be asked":   {order: order(checked(), attempt(1, notSent)), facts: facts(stale, func(f *Facts) { f.CircuitOpen = true }), kind: Wait, reason: v1alpha1.ReasonProviderUnavailable},
		"another provider account can't be asked":         {order: order(checked(), attempt(1, notSent)), facts: facts(stale, func(f *Facts) { f.Account.Spec.ProviderAccountID = "acct-2" }), kind: Stall, reason: v1alpha1.ReasonProviderAccountChanged},
		"what is not known to be reserved is asked about": {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(2, notSent)), facts: facts(stale), kind: Reserve, attempt: 2},

		"an intent is resolved":            {order: order(checked(), attempt(1, v1alpha1.SubmissionIntended)), facts: facts(stale), kind: Resolve},
		"an unknown outcome is resolved":   {order: order(checked(), attempt(1, v1alpha1.SubmissionUnknown)), facts: facts(stale), kind: Resolve},
		"an accepted attempt is followed":  {order: order(checked(), attempt(1, v1alpha1.SubmissionAccepted)), facts: facts(stale), kind: Observe},
		"a refused attempt goes its way":   {order: order(attempt(1, refused, code("max_price_exceeded"))), facts: facts(stale), kind: Stall, reason: v1alpha1.ReasonNeedsDecision},
		"an order without an attempt, too": {order: order(), facts: facts(stale), kind: Validate},

		"an ended attempt gives its money back first":         {order: order(checked(), attempt(1, refused, ended)), facts: facts(stale), kind: Release, reason: v1alpha1.ReasonRetryScheduled},
		"then the order is checked again":                     {order: order(attempt(1, refused, ended)), facts: facts(stale), kind: Validate},
		"then the next attempt is reserved":                   {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(1, refused, ended)), facts: facts(stale), kind: Reserve, attempt: 2},
		"and sent":                                            {order: order(checked(), attempt(2, notSent)), facts: facts(), kind: Submit},
		"money is given back though the order is suspended":   {order: order(checked(), attempt(1, refused, ended), suspend), facts: facts(), kind: Release, reason: v1alpha1.ReasonRetryScheduled},
		"an ended attempt of a cancelled order closes it":     {order: order(checked(), attempt(1, refused, ended), cancel), facts: facts(), kind: Release, reason: v1alpha1.ReasonCancelled},
		"one that is rejected by hand closes it":              {order: order(checked(), attempt(1, refused, ended), rejectedByHandOf), facts: facts(), kind: Release, reason: v1alpha1.ReasonDenied},
		"the ledger is asked before such an order ends":       {order: order(checked(), attempt(1, refused, ended), cancel), facts: facts(func(f *Facts) { f.Recalled = false }), kind: Recall},
		"a deleted order with an ended attempt goes":          {order: order(checked(), attempt(1, refused, ended), deleted), facts: facts(), kind: Finalize},
		"retry by hand of an ended attempt changes nothing":   {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(1, refused, ended), allowed(2)), facts: facts(), kind: Reserve, attempt: 2},
		"an abandoned order is not followed by a new attempt": {order: order(attempt(1, refused, ended), abandonedByHand), facts: facts(), kind: Stall, reason: v1alpha1.ReasonAbandoned},
	} {
		t.Run(name, func(t *testing.T) {
			got := Decide(c.order, c.facts, t0)
			if got.Kind != c.kind || got.Reason != c.reason || got.Attempt != c.attempt {
				t.Errorf("Decide = %s %q attempt %d (%s), want %s %q attempt %d", got.Kind, got.Reason, got.Attempt, got.Message, c.kind, c.reason, c.attempt)
			}
		})
	}
}

// TestTheWindowCountsFromTheFirstCall: an attempt may have waited for days between its
// reservation and its first call.
func TestTheWindowCountsFromTheFirstCall(t *testing.T) {
	ago := func(d time.Duration) *metav1.Time {
		at := metav1.NewTime(t0.Add(-d))
		return &at
	}
	const within, beyond = 23 * time.Hour, 25 * time.Hour
	for name, c := range map[string]struct {
		first            *metav1.Time
		reserved, latest time.Duration
		repeats          bool
	}{
		"sent late":                                   {ago(time.Minute), beyond, time.Minute, true},
		"sent late, and repeated since":               {ago(within), 10 * beyond, time.Minute, true},
		"repeats don't extend it":                     {ago(beyond), 2 * beyond, time.Minute, false},
		"sent at once":                                {ago(within), within, within, true},
		"taken up, so that nobody knows when":         {nil, within, 0, true},
		"taken up, and sent at the earliest long ago": {nil, beyond, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := order(attempt(1, v1alpha1.SubmissionUnknown, func(s *v1alpha1.Submission) {
				s.FirstIntentAt, s.ReservedAt, s.IntentAt = c.first, *ago(c.reserved), *ago(c.latest)
			}))
			if got := Decide(o, facts(), t0); got.Kind != Resolve || got.Repeat != c.repeats {
				t.Errorf("Decide = %s, repeats %v, want Resolve, %v", got.Kind, got.Repeat, c.repeats)
			}
		})
	}
}
