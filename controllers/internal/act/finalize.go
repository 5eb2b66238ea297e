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
	if t.Order.Status.Placement == nil {
		if err := x.giveBack(ctx, t, ledger.Release{Reason: "deleted"}); err != nil {
			return err
		}
	}
	if err := x.Ledger.Mirror(ctx, []ledger.Snapshot{{Order: t.Order, Deleted: true}}); err != nil {
		return fromLedger(err)
	}
	return x.patchFinalizers(ctx, t, func(o *v1alpha1.ZMAOrder) {
		controllerutil.RemoveFinalizer(o, v1alpha1.OrderFinalizer)
	})
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
