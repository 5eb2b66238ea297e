package act

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// addFinalizer keeps an order that was not made by the webhook endpoint, which
// sets the finalizer at creation.
func (x *Executors) addFinalizer(ctx context.Context, t *Task, _ machine.Action) error {
	return x.patchFinalizers(ctx, t, func(o *v1alpha1.ZMAOrder) {
		controllerutil.AddFinalizer(o, v1alpha1.OrderFinalizer)
	})
}

// finalize gives a deleted order's reservation back, records its end, and lets
// it go. The record comes first: once the object is gone, Postgres alone knows
// that the order ever was.
func (x *Executors) finalize(ctx context.Context, t *Task, _ machine.Action) error {
	if err := x.recordEnd(ctx, t); err != nil {
		if r := t.Order.Status.Recovery; r == nil || !r.Abandoned {
			return quietly(err)
		}
		// A person wants it gone whatever happens; the log is then the record.
		log(ctx).Error(err, "An abandoned order goes without its record in the ledger", "requestID", requestIDOf(t.Order))
		x.trail.last(t.Stored)
	}
	return x.patchFinalizers(ctx, t, func(o *v1alpha1.ZMAOrder) {
		controllerutil.RemoveFinalizer(o, v1alpha1.OrderFinalizer)
	})
}

// recordEnd gives back what can be given back and mirrors the order as deleted. Of
// an abandoned order nothing is given back that may have been spent.
func (x *Executors) recordEnd(ctx context.Context, t *Task) error {
	// What has just been learnt of it is part of the record.
	if err := x.WriteStatus(ctx, t); err != nil {
		return err
	}
	if t.Order.Status.Placement == nil && !mayHaveBought(t.Order) {
		if err := x.giveBack(ctx, t, ledger.Release{Reason: "deleted"}); err != nil {
			return err
		}
	}
	if !v1alpha1.HasDerivedName(t.Order) {
		x.trail.last(t.Stored)
		return nil // it never was the order that it claims to be
	}
	if err := x.Ledger.Mirror(ctx, []ledger.Snapshot{{Order: t.Order, Deleted: true}}); err != nil {
		return fromLedger(err)
	}
	// Nobody can make its audit rows again once it is gone.
	if err := x.Ledger.Audit(ctx, remade(t.Stored)...); err != nil {
		return fromLedger(err)
	}
	for _, end := range []func(context.Context, *Task) error{x.endAlerts, func(ctx context.Context, t *Task) error { return x.recordRequest(ctx, t.Stored) }} {
		if err := end(ctx, t); err != nil {
			return fromLedger(err)
		}
	}
	return nil
}

func mayHaveBought(o *v1alpha1.ZMAOrder) bool {
	sub := o.Status.Submission
	return sub != nil && (sub.State.Unresolved() || sub.State == v1alpha1.SubmissionAccepted)
}

func requestIDOf(o *v1alpha1.ZMAOrder) string {
	if o.Status.Submission == nil {
		return ""
	}
	return o.Status.Submission.RequestID
}

func (x *Executors) patchFinalizers(ctx context.Context, t *Task, change func(*v1alpha1.ZMAOrder)) error {
	status := t.Order.Status
	changed := t.Stored.DeepCopy()
	change(changed)
	patch := client.MergeFromWithOptions(t.Stored, client.MergeFromWithOptimisticLock{})
	if err := x.Client.Patch(ctx, changed, patch); err != nil {
		return fmt.Errorf("change finalizers: %w", x.typed(err))
	}
	t.Stored = changed.DeepCopy()
	t.Order = changed
	t.Order.Status = status
	return nil
}
