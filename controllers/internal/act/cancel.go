package act

import (
	"context"
	"errors"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// abort asks the provider to stop. It may still place the order, so the order
// counts as open until the provider says how it ended. An order that is not
// aborted is read all the same: it may have ended, which a refusal does not say.
func (x *Executors) abort(ctx context.Context, t *Task, a machine.Action) error {
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	callCtx, cancel := context.WithTimeout(expecting(ctx, t), x.CallTimeout)
	defer cancel()
	seen, refused := provider.Abort(callCtx, t.Order.Status.Submission.RequestID)
	if refused == nil {
		condition.Progress(t.Order, v1alpha1.ReasonCancelling, "The provider was asked to abort the order.", x.time())
		if seen.Phase == zma.Failed {
			x.fail(t, seen)
		}
		return nil
	}
	if err := x.observe(ctx, t, a); err != nil {
		return err
	}
	if t.Order.Status.Submission.State != v1alpha1.SubmissionAccepted || t.Order.Status.Placement != nil {
		return nil
	}
	return &Wait{
		Reason:  v1alpha1.ReasonProcessing,
		Message: "The provider could not be asked to abort the order; it is asked again, and the order is watched.",
		After:   x.abortPause(t, refused), Err: refused,
	}
}

// abortPause is the time until the provider is asked again: what it has refused
// once, it refuses for a while.
func (x *Executors) abortPause(t *Task, refused error) time.Duration {
	var call *zma.CallError
	if errors.As(refused, &call) && (call.Kind == zma.KindRefused || call.Kind == zma.KindNotFound) {
		age := x.Now().Sub(t.Order.Status.Submission.IntentAt.Time)
		return max(ledgerPause, machine.PollPause(age, t.Account.Spec.Polling, Jitter(t.Order)))
	}
	return ledgerPause
}

// expecting tells the provider's client whose answers are wanted: those about another
// order, which not each names by its request ID, are then no answers.
func expecting(ctx context.Context, t *Task) context.Context {
	sub := t.Order.Status.Submission
	return zma.Expect(ctx, sub.IdempotencyKey, v1alpha1.IdentityOf(t.Order).String(), sub.Attempt)
}
