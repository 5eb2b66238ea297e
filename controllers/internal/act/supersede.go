package act

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Outdated tells whether the order's attempt was prepared for another address or
// another ceiling than it would be now. Of what else is sent nothing can change.
func Outdated(t *Task) bool {
	sub := t.Order.Status.Submission
	if sub == nil || t.Account == nil {
		return false
	}
	return sub.ShippingAddress != normalised(t) || sub.MaxPriceCents != MaxPrice(t.Order, t.Account.Spec.MaxPrice)
}

// supersede ends an attempt that was not sent, so that the next one goes out with
// what holds now. The write comes first, under the resource version as its lock: of
// an attempt that somebody has meanwhile sent nothing is given back. Then it goes on
// as after any attempt that has failed.
func (x *Executors) supersede(ctx context.Context, t *Task, _ machine.Action) error {
	if over, err := x.sentAfterAll(ctx, t); over || err != nil {
		return err
	}
	sub, now := t.Order.Status.Submission, x.time()
	sub.State, sub.ErrorCode, sub.ResolvedAt = v1alpha1.SubmissionRejected, machine.CodeSuperseded, &now
	// Address and ceiling are checked again before anything is reserved.
	meta.RemoveStatusCondition(&t.Order.Status.Conditions, v1alpha1.ConditionValidated)
	x.progressed(t)
	condition.Progress(t.Order, v1alpha1.ReasonRetryScheduled, machine.SupersededMessage, now)
	return x.WriteStatus(ctx, t)
}

// sentAfterAll looks for a purchase that the status does not know of. Status and
// ledger are of one moment only as long as neither is restored: a status from a
// backup may call unsent what was sent since, and another attempt would buy it again.
func (x *Executors) sentAfterAll(ctx context.Context, t *Task) (over bool, err error) {
	h, err := x.Ledger.History(ctx, v1alpha1.IdentityOf(t.Order))
	switch {
	case err != nil:
		return false, fromLedger(err)
	case h != nil && h.Outcome == ledger.OutcomeBought:
		return true, x.restore(ctx, t, *h)
	}
	found, err := x.lookUp(ctx, t)
	if err != nil {
		return false, &Wait{
			Reason: v1alpha1.ReasonProviderUnavailable, After: fundsPause, Err: err,
			Message: "The order's address or ceiling has changed; a new attempt is made once the provider answers.",
		}
	}
	if found == nil {
		return false, nil
	}
	log(ctx).Info("The provider has an order that the status calls unsent", "requestID", found.RequestID)
	x.accept(t, found.RequestID)
	return true, x.WriteStatus(ctx, t)
}
