package act

import (
	"context"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// clockSkew widens the look-up: the provider's clock and ours may differ.
const clockSkew = 15 * time.Minute

// lookupTimeout bounds all pages of a look-up; each page has a timeout of its own.
// A look-up spends nothing, so a shutdown may cut it.
const lookupTimeout = 2 * time.Minute

// enoughLookups is the number of failed look-ups after which the call is repeated
// without one. The same key makes that safe; the look-up only saves the call.
const enoughLookups = 3

// resolve finds out what became of a call without an outcome: it looks for the
// order at the provider, and only then repeats the same call with the same key,
// which the provider answers as it did the first time. Absence from the list
// proves nothing, so it never leads to another attempt.
func (x *Executors) resolve(ctx context.Context, t *Task, a machine.Action) error {
	start := x.Now()
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	sub := t.Order.Status.Submission
	callCtx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := provider.Find(callCtx, sub.IdempotencyKey, v1alpha1.IdentityOf(t.Order).String(), sub.Attempt, sub.ReservedAt.Add(-clockSkew))
	switch {
	case err != nil && (!a.Repeat || !x.lookedOften(t)):
		log(ctx).Info("Look-up at the provider failed", "error", err.Error())
		return x.unresolved(ctx, t, start, "lookup-failed")
	case found != nil:
		adopted := outcome{requestID: found.RequestID, apply: func(t *Task) { x.accept(t, found.RequestID) }}
		adopted.apply(t)
		x.logRecovery(ctx, t, start, "adopted")
		return x.writeOutcome(ctx, t, adopted)
	case !a.Repeat:
		return x.unresolved(ctx, t, start, "not-listed")
	}
	if err := x.turn(ctx, t); err != nil {
		return err
	}
	err = x.send(ctx, t)
	x.logRecovery(ctx, t, start, "repeated: "+string(t.Order.Status.Submission.State))
	return err
}

// lookedOften tells whether looking up has failed so often that it can't be
// waited for.
func (x *Executors) lookedOften(t *Task) bool {
	r := t.Order.Status.Recovery
	return r != nil && r.Attempts >= enoughLookups
}

// unresolved keeps the attempt as it is and schedules the next look.
func (x *Executors) unresolved(ctx context.Context, t *Task, start time.Time, result string) error {
	t.Order.Status.Submission.State = v1alpha1.SubmissionUnknown
	x.backoff(t, 0)
	x.logRecovery(ctx, t, start, result)
	return nil
}

// logRecovery adds a row to order_recovery_logs, as well as can be: a ledger
// that is away must not keep an order from being resolved.
func (x *Executors) logRecovery(ctx context.Context, t *Task, start time.Time, result string) {
	x.Metrics.Recoveries.WithLabelValues("resolve", resultLabel(result)).Inc()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	err := x.Ledger.LogRecovery(ctx, ledger.RecoveryEntry{
		Identity: v1alpha1.IdentityOf(t.Order), Attempt: attemptOf(t.Order), Verb: "resolve",
		Reason: "submission without a known outcome", Result: result, Actor: "controller",
		StartedAt: start, Duration: x.Now().Sub(start),
	})
	if err != nil {
		log(ctx).V(1).Info("Recovery not logged", "error", err.Error())
	}
}

// resultLabel is the part of a result that a metric may carry.
func resultLabel(result string) string {
	for i, c := range result {
		if c == ':' {
			return result[:i]
		}
	}
	return result
}
