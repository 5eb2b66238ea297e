package act

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
)

// turnRecheck is when an order that waits for its turn looks again, should it not
// have been woken.
const turnRecheck = time.Minute

// turn asks the account's gate whether the order may be submitted now. One that
// may not is woken when its turn comes.
func (x *Executors) turn(ctx context.Context, t *Task) error {
	gate, err := x.Gates.For(ctx, t.Account)
	if err != nil {
		return &Transient{Err: err}
	}
	why := gate.Enter(client.ObjectKeyFromObject(t.Order), t.Order.CreationTimestamp.Time, x.Now())
	if why == "" {
		return nil
	}
	x.Metrics.SubmissionsThrottled.WithLabelValues(why).Inc()
	wait := &Wait{Reason: v1alpha1.ReasonThrottled, Message: "The account's submission limits are reached; older orders go first.", After: turnRecheck}
	if why == pace.WaitCircuit || why == pace.WaitAsked {
		wait.Reason, wait.Message = v1alpha1.ReasonProviderUnavailable, "The provider keeps failing or has asked for a pause; the order goes by itself once it answers."
	}
	if t.Order.Status.Submission.State.Unresolved() {
		// What matters about this order stays that its outcome is not known.
		wait.Reason, wait.Message = v1alpha1.ReasonResolvingSubmission, machine.Unresolved
	}
	return wait
}

// Track tells the account's gate where an order stands at the end of a
// reconciliation: in flight, waiting for its turn, or neither.
func (x *Executors) Track(ctx context.Context, t *Task) {
	if t.Account == nil {
		return
	}
	gate, err := x.Gates.For(ctx, t.Account)
	if err != nil {
		log(ctx).V(1).Info("The account's gate is not there; it is made with the next order", "error", err.Error())
		return
	}
	key := client.ObjectKeyFromObject(t.Order)
	switch condition.ReadyReason(t.Order) {
	case v1alpha1.ReasonThrottled, v1alpha1.ReasonProviderUnavailable, v1alpha1.ReasonResolvingSubmission:
	default:
		gate.Leave(key)
	}
	gate.Track(key, pace.InFlight(t.Order))
}
