package act

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// WriteStatus writes the order's status when it differs from what is stored. The
// resource version is the lock: a change by anybody else since the order was
// read refuses the write.
func (x *Executors) WriteStatus(ctx context.Context, t *Task) error {
	t.Order.Status.Total = display(t.Order.Spec.Total.Currency, t.Order.Spec.Total.AmountCents)
	if equality.Semantic.DeepEqual(t.Order.Status, t.Stored.Status) {
		return nil
	}
	if err := x.Client.Status().Update(ctx, t.Order); err != nil {
		return x.typed(err)
	}
	x.transition(ctx, t.Stored, t.Order)
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

// transition tells of a change of Ready's reason, by metric and audit row. Both
// speak of what has been written, not of what was meant.
func (x *Executors) transition(ctx context.Context, before, after *v1alpha1.ZMAOrder) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	if is == nil || (was != nil && was.Reason == is.Reason) {
		return
	}
	x.Metrics.Transitions.WithLabelValues(is.Reason).Inc()
	if is.Reason == v1alpha1.ReasonPlaced {
		x.Metrics.OrderReady.Observe(x.Now().Sub(after.CreationTimestamp.Time).Seconds())
	}
	x.audit(ctx, after, "order.transition", map[string]string{"reason": is.Reason})
}

// auditTimeout keeps a slow ledger from slowing orders.
const auditTimeout = time.Second

// audit adds a row to the audit trail, as well as can be: the order's own state
// is in the API server, and a ledger that is away must not stop it.
func (x *Executors) audit(ctx context.Context, o *v1alpha1.ZMAOrder, action string, detail map[string]string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	err := x.Ledger.Audit(ctx, ledger.AuditEntry{
		At: x.Now(), Actor: "controller", Action: action,
		Namespace: o.Namespace, Object: o.Name, Attempt: attemptOf(o), Detail: detail,
	})
	if err != nil {
		log(ctx).V(1).Info("Audit row not written", "action", action, "error", err.Error())
	}
}
