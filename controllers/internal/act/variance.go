package act

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// alertCostVariance is a fact about an order that has ended, not a state: nothing
// ends it but a person who has looked.
const alertCostVariance = "CostVariance"

// varies tells whether an actual cost is further from its estimate than the rule
// allows; amounts in minor units.
func varies(estimateCents, varianceCents int64, rule v1alpha1.VarianceRule) bool {
	return max(varianceCents, -varianceCents) > allowedVariance(estimateCents, rule)
}

func allowedVariance(estimateCents int64, rule v1alpha1.VarianceRule) int64 {
	percent, fixed := int64(15), int64(1000)
	if rule.Percent != nil {
		percent = int64(*rule.Percent)
	}
	if rule.FixedCents != nil {
		fixed = *rule.FixedCents
	}
	return estimateCents*percent/100 + fixed
}

// variances are the orders whose alert the ledger has not taken yet.
type variances struct {
	mu   sync.Mutex
	left map[types.NamespacedName]bool
}

func (v *variances) waits(order types.NamespacedName) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.left[order]
}

func (v *variances) keep(order types.NamespacedName) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.left == nil {
		v.left = map[types.NamespacedName]bool{}
	}
	v.left[order] = true
}

func (v *variances) forget(order types.NamespacedName) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.left, order)
}

// tellVariance raises the alert of an order that has been settled. It fails nobody:
// the money has left, and its record is what counts. A process that dies before the
// status says CostRecorded settles again, and comes here again; the row stays one.
func (x *Executors) tellVariance(ctx context.Context, t *Task) {
	cost := t.Order.Status.Cost
	if cost == nil || cost.VarianceCents == nil || t.Account == nil {
		return
	}
	if !varies(cost.EstimateCents, *cost.VarianceCents, t.Account.Spec.Variance) {
		return
	}
	opened, err := x.Ledger.RaiseAlert(ctx, ledger.Alert{
		Key: alertKey(alertCostVariance, t.Order), Kind: alertCostVariance, Severity: ledger.SeverityWarning,
		Namespace: t.Order.Namespace, Object: t.Order.Name, Runbook: "docs/runbooks/ZMACostVariance.md",
		Summary: fmt.Sprintf("An order cost %s, where %s was expected: %s of difference, %s is allowed.",
			inCurrency(t, cost.EstimateCents+*cost.VarianceCents), inCurrency(t, cost.EstimateCents),
			inCurrency(t, *cost.VarianceCents), inCurrency(t, allowedVariance(cost.EstimateCents, t.Account.Spec.Variance))),
	})
	if err != nil {
		log(ctx).Info("Alert not raised; tried again with the next look at the order", "kind", alertCostVariance, "error", err.Error())
		x.variance.keep(nameOf(t.Order))
		return
	}
	x.variance.forget(nameOf(t.Order))
	if opened {
		direction := "over"
		if *cost.VarianceCents < 0 {
			direction = "under"
		}
		x.Metrics.CostVariances.WithLabelValues(t.Account.Namespace, t.Account.Name, direction).Inc()
	}
}

// retryVariance raises the alert that the ledger did not take.
func (x *Executors) retryVariance(ctx context.Context, t *Task) {
	if x.variance.waits(nameOf(t.Order)) {
		x.tellVariance(ctx, t)
	}
}
