package act

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Kinds of alerts that outlive their order.
const (
	alertAbandoned     = "OrderAbandoned"
	alertRefundMissing = "RefundMissing"
)

// alertOf gives the alert that an order's state asks for; an empty kind asks for
// none. Each kind has a runbook page of its name.
func alertOf(o *v1alpha1.ZMAOrder, now time.Time) (kind, severity, summary string) {
	switch reason := condition.ReadyReason(o); reason {
	case v1alpha1.ReasonSubmissionOutcomeUnknown:
		return reason, ledger.SeverityCritical, "It is not known whether an order was bought."
	case v1alpha1.ReasonRequestRefused:
		return reason, ledger.SeverityCritical, "The provider refused a request as wrong."
	case v1alpha1.ReasonCredentialsRefused:
		return reason, ledger.SeverityCritical, "The account at the provider needs its operator."
	case v1alpha1.ReasonProviderAccountChanged:
		return reason, ledger.SeverityCritical, "An order was sent to another provider account than its ZMAAccount names now."
	case v1alpha1.ReasonAbandoned:
		return alertAbandoned, ledger.SeverityCritical, "An order was given up by hand."
	case v1alpha1.ReasonNeedsDecision, v1alpha1.ReasonRetriesExhausted:
		return reason, ledger.SeverityWarning, "An order waits for a person's decision."
	case v1alpha1.ReasonAwaitingApproval:
		return reason, ledger.SeverityInfo, "An order waits for approval."
	case v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonCancelledAfterPlacement:
		return refundAlert(o, reason, now)
	}
	return "", "", ""
}

// refundAlert tells of money that does not come back, and of goods that nobody
// cancelled: the customer still waits for those.
func refundAlert(o *v1alpha1.ZMAOrder, reason string, now time.Time) (kind, severity, summary string) {
	last := len(o.Status.History) - 1
	switch {
	case !machine.Refunded(o) && last >= 0 && now.Sub(o.Status.History[last].At.Time) >= machine.RefundWindow:
		return alertRefundMissing, ledger.SeverityCritical, "The money of a cancelled order has not come back."
	case reason == v1alpha1.ReasonCancelledByRetailer:
		return "OrderCancelledByRetailer", ledger.SeverityWarning, "An order was cancelled by the retailer after it was placed."
	}
	return "", "", ""
}

// alerted remembers which alert this process has raised for an order. An order that
// it sees for the first time may have one from the process before.
type alerted struct {
	mu     sync.Mutex
	raised map[types.NamespacedName]string
}

func (a *alerted) last(order types.NamespacedName) (kind string, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kind, known = a.raised[order]
	return kind, known
}

func (a *alerted) set(order types.NamespacedName, kind string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.raised == nil {
		a.raised = map[types.NamespacedName]string{}
	}
	a.raised[order] = kind
}

func (a *alerted) forget(order types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.raised, order)
}

// Alert raises the alert that the order's stored state asks for, once while it
// lasts, and resolves the one before. What the ledger did not take is tried again
// with the next reconciliation.
func (x *Executors) Alert(ctx context.Context, t *Task) {
	x.retryVariance(ctx, t)
	kind, severity, summary := alertOf(t.Stored, x.Now())
	before, known := x.alerts.last(nameOf(t.Order))
	if known && before == kind {
		return
	}
	if err := x.resolveAlerts(ctx, t.Stored, before, known, kind); err != nil {
		log(ctx).Info("Alert not resolved", "error", err.Error())
		return
	}
	if kind != "" && !x.alert(ctx, t, kind, severity, summary) {
		return
	}
	x.alerts.set(nameOf(t.Order), kind)
}

// resolveAlerts closes what does not last any more: the alert that this process has
// raised or, at first sight of an order, those that its history tells of.
func (x *Executors) resolveAlerts(ctx context.Context, o *v1alpha1.ZMAOrder, before string, known bool, now string) error {
	kinds := map[string]bool{before: true}
	if !known {
		kinds = x.pastAlerts(o)
	}
	for kind := range kinds {
		if kind == "" || kind == now {
			continue
		}
		if _, err := x.Ledger.ResolveAlert(ctx, alertKey(kind, o)); err != nil {
			return err
		}
	}
	return nil
}

// pastAlerts are the kinds that an order's history tells of.
func (x *Executors) pastAlerts(o *v1alpha1.ZMAOrder) map[string]bool {
	kinds := map[string]bool{}
	for _, transition := range o.Status.History {
		past := &v1alpha1.ZMAOrder{}
		condition.Stall(past, transition.Reason, "", transition.At)
		kind, _, _ := alertOf(past, x.Now())
		kinds[kind] = true
	}
	return kinds
}

// endAlerts resolves the alerts of an order that goes, before nobody knows of it
// any more. Money that may be missing is no less missing without the order.
func (x *Executors) endAlerts(ctx context.Context, t *Task) error {
	if r := t.Order.Status.Recovery; r != nil && r.Abandoned && mayHaveBought(t.Order) {
		x.alert(ctx, t, alertAbandoned, ledger.SeverityCritical, "An order that may have been bought was given up by hand.")
	}
	for kind := range x.pastAlerts(t.Stored) {
		if kind == "" || kind == alertAbandoned || kind == alertRefundMissing {
			continue
		}
		if _, err := x.Ledger.ResolveAlert(ctx, alertKey(kind, t.Order)); err != nil {
			return err
		}
	}
	return nil
}

// alert raises an alert about the order and tells whether the ledger has it.
func (x *Executors) alert(ctx context.Context, t *Task, kind, severity, summary string) bool {
	_, err := x.Ledger.RaiseAlert(ctx, ledger.Alert{
		Key: alertKey(kind, t.Order), Kind: kind, Severity: severity,
		Namespace: t.Order.Namespace, Object: t.Order.Name, Summary: summary, Runbook: "docs/runbooks/" + kind + ".md",
	})
	if err != nil {
		log(ctx).Info("Alert not raised", "kind", kind, "error", err.Error())
	}
	return err == nil
}

func alertKey(kind string, o *v1alpha1.ZMAOrder) string {
	return kind + "/" + o.Namespace + "/" + o.Name
}

// Forget drops what is remembered of an order that is gone.
func (x *Executors) Forget(order types.NamespacedName) {
	x.Polls.Forget(order)
	x.Gates.Forget(order)
	x.ignored.forget(order)
	x.recalled.forget(order)
	x.verified.forget(order)
	x.recorded.forget(order)
	x.alerts.forget(order)
	x.trail.forget(order)
	x.variance.forget(order)
}
