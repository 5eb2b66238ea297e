package act

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// WriteStatus writes the order's status when it differs from what is stored. The
// resource version is the lock: a change by anybody else since the order was
// read refuses the write.
func (x *Executors) WriteStatus(ctx context.Context, t *Task) error {
	t.Order.Status.Total = display(t.Order.Spec.Total.Currency, t.Order.Spec.Total.AmountCents)
	if equality.Semantic.DeepEqual(t.Order.Status, t.Stored.Status) {
		x.trail.written(t, x.Now())
		return nil
	}
	if err := x.Client.Status().Update(ctx, t.Order); err != nil {
		return x.typed(err)
	}
	x.transition(t.Stored, t.Order)
	x.trail.written(t, x.Now())
	t.Stored = t.Order.DeepCopy()
	return nil
}

func (x *Executors) typed(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		x.Metrics.WriteConflicts.Inc()
		return fmt.Errorf("%w: %w", errChanged, err)
	}
	return &Transient{Err: fmt.Errorf("write status: %w", err)}
}

// transition counts a change of Ready's reason. It speaks of what has been written,
// not of what was meant.
func (x *Executors) transition(before, after *v1alpha1.ZMAOrder) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	if is == nil || (was != nil && was.Reason == is.Reason) {
		return
	}
	x.Metrics.Transitions.WithLabelValues(is.Reason).Inc()
	if is.Reason == v1alpha1.ReasonPlaced {
		x.Metrics.OrderReady.Observe(x.Now().Sub(after.CreationTimestamp.Time).Seconds())
	}
}

// auditTimeout keeps a slow ledger from slowing orders.
const auditTimeout = time.Second
