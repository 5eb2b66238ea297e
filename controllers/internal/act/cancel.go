package act

import (
	"context"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// abort asks the provider to stop. It may still place the order, so the order
// counts as open until the provider says how it ended.
func (x *Executors) abort(ctx context.Context, t *Task, _ machine.Action) error {
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	seen, err := provider.Abort(callCtx, t.Order.Status.Submission.RequestID)
	if err != nil {
		return &Wait{Reason: v1alpha1.ReasonProcessing, Message: "The provider could not be asked to abort the order.", After: ledgerPause, Err: err}
	}
	condition.Progress(t.Order, v1alpha1.ReasonCancelling, "The provider was asked to abort the order.", x.time())
	if seen.Phase == zma.Failed {
		x.fail(t, seen)
	}
	return nil
}
