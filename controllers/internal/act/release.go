package act

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// release gives the money of a failed or cancelled attempt back. A final release
// also closes the identity: a redelivered webhook does not buy what was refused.
func (x *Executors) release(ctx context.Context, t *Task, a machine.Action) error {
	r := ledger.Release{Reason: a.Reason, Actor: "controller"}
	if a.Final {
		r.Outcome = ledger.OutcomeRefused
		if a.Reason == v1alpha1.ReasonCancelled {
			r.Outcome = ledger.OutcomeCancelled
		}
		raw, err := endRecord(t.Order, a.Reason)
		if err != nil {
			return &Transient{Err: err}
		}
		r.Record = raw
	}
	if err := x.giveBack(ctx, t, r); err != nil {
		return err
	}
	x.hold(t.Order, a.Reason, a.Message)
	return nil
}

// giveBack releases the order's current reservation. Without one only a final
// outcome is worth a call.
func (x *Executors) giveBack(ctx context.Context, t *Task, r ledger.Release) error {
	holds := condition.IsTrue(t.Order, v1alpha1.ConditionFundsReserved)
	if !holds && r.Outcome == "" {
		return nil
	}
	r.Identity = v1alpha1.IdentityOf(t.Order)
	if s := t.Order.Status.Submission; s != nil {
		r.Attempt, r.ErrorCode = s.Attempt, s.ErrorCode
	}
	if err := x.Ledger.Release(ctx, r); err != nil {
		var mismatch *ledger.ErrMismatch
		if errors.As(err, &mismatch) {
			// The end was recorded, and the write that followed was lost: ask for it.
			x.recalled.forget(nameOf(t.Order))
		}
		return fromLedger(err)
	}
	x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonReleased, "The reservation was given back.")
	if t.Order.Status.Placement == nil {
		t.Order.Status.Cost = nil // nothing is expected to be paid any more
	}
	return nil
}
