package controllers

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Kinds of alerts about an account's money. Low and critical are one cause, of
// which one row at most is open: another kind tells people that it has got worse.
const (
	KindBalanceLow       = "BalanceLow"
	KindBalanceCritical  = "BalanceCritical"
	KindBudgetNearlyUsed = "BudgetNearlyUsed"
)

// accountKinds are all of them, with their runbook pages.
func accountKinds() map[string]string {
	return map[string]string{
		KindBalanceLow:       "docs/runbooks/ZMABalanceLow.md",
		KindBalanceCritical:  "docs/runbooks/ZMABalanceCritical.md",
		KindBudgetNearlyUsed: "docs/runbooks/ZMABudgetNearlyUsed.md",
	}
}

// accountAlert is one alert that an account's state asks for.
type accountAlert struct {
	kind, severity, summary string
	// cause tells alerts of one kind apart; may be empty.
	cause string
}

// key makes it the same alert at every reading. No part can hold a slash.
func (w accountAlert) key(account types.NamespacedName) string {
	key := w.kind + "/" + account.Namespace + "/" + account.Name
	if w.cause != "" {
		key += "/" + w.cause
	}
	return key
}

// accountAlerts are all that an account can have.
func accountAlerts() []accountAlert {
	return []accountAlert{
		{kind: KindBalanceLow}, {kind: KindBalanceCritical},
		{kind: KindBudgetNearlyUsed, cause: periodDaily}, {kind: KindBudgetNearlyUsed, cause: periodMonthly},
	}
}

// wantedAlerts are the alerts that an account's state asks for. kept tells of a
// kind that it can't be judged: a balance that can't be read is no better for it.
func wantedAlerts(a *v1alpha1.ZMAAccount, w waitingOrders) (wanted []accountAlert, kept func(kind string) bool) {
	f, known := fundsOf(a, w)
	if known {
		switch f.level() {
		case fundsCritical:
			wanted = append(wanted, accountAlert{kind: KindBalanceCritical, severity: ledger.SeverityCritical, summary: f.summary()})
		case fundsLow:
			wanted = append(wanted, accountAlert{kind: KindBalanceLow, severity: ledger.SeverityWarning, summary: f.summary()})
		case fundsEnough:
		}
	}
	for _, use := range budgetUses(a) {
		if use.level() != budgetRoom {
			wanted = append(wanted, accountAlert{kind: KindBudgetNearlyUsed, cause: use.period, severity: ledger.SeverityWarning, summary: use.summary()})
		}
	}
	return wanted, func(kind string) bool { return !known && kind != KindBudgetNearlyUsed }
}

// tell raises the alerts that the account's state asks for, and resolves those that
// it does not ask for any more, whichever process has raised them. What the ledger
// did not take is tried again at the next reading.
func (r *AccountReconciler) tell(ctx context.Context, account *v1alpha1.ZMAAccount, orders waitingOrders) {
	r.showBudget(account)
	key := types.NamespacedName{Namespace: account.Namespace, Name: account.Name}
	wanted, kept := wantedAlerts(account, orders)
	if err := r.keepAlerts(ctx, key, wanted, kept); err != nil {
		log.FromContext(ctx).Info("The account's alerts are not up to date", "error", err.Error())
	}
}

// showBudget sets the metric of each budget, and drops those of budgets that are no
// more.
func (r *AccountReconciler) showBudget(account *v1alpha1.ZMAAccount) {
	none := map[string]bool{periodDaily: true, periodMonthly: true}
	for _, use := range budgetUses(account) {
		delete(none, use.period)
		r.metrics.AccountBudget.WithLabelValues(account.Namespace, account.Name, use.period).Set(float64(use.level()))
	}
	for period := range none {
		r.metrics.AccountBudget.DeleteLabelValues(account.Namespace, account.Name, period)
	}
}

func (r *AccountReconciler) keepAlerts(ctx context.Context, account types.NamespacedName, wanted []accountAlert, kept func(kind string) bool) error {
	open, err := r.openAlerts(ctx, account)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		delete(open, w.key(account))
		opened, err := r.ledger.RaiseAlert(ctx, ledger.Alert{
			Key: w.key(account), Kind: w.kind, Severity: w.severity, Namespace: account.Namespace, Object: account.Name,
			Summary: w.summary, Runbook: accountKinds()[w.kind],
		})
		if err != nil {
			return fmt.Errorf("raise an alert: %w", err)
		}
		if opened {
			log.FromContext(ctx).Info("Alert raised", "kind", w.kind, "cause", w.cause, "summary", w.summary)
		}
	}
	for key, kind := range open {
		if kept(kind) {
			continue
		}
		if _, err := r.ledger.ResolveAlert(ctx, key); err != nil {
			return fmt.Errorf("resolve an alert: %w", err)
		}
		log.FromContext(ctx).Info("Alert resolved", "kind", kind)
	}
	return nil
}

// openAlerts reads the kinds of the account's open alerts by key.
func (r *AccountReconciler) openAlerts(ctx context.Context, account types.NamespacedName) (map[string]string, error) {
	kinds := make([]string, 0, len(accountKinds()))
	for kind := range accountKinds() {
		kinds = append(kinds, kind)
	}
	alerts, err := r.ledger.OpenAlerts(ctx, account.Namespace, kinds...)
	if err != nil {
		return nil, fmt.Errorf("read open alerts: %w", err)
	}
	mine := map[string]bool{}
	for _, a := range accountAlerts() {
		mine[a.key(account)] = true
	}
	open := map[string]string{}
	for _, a := range alerts {
		if mine[a.Key] {
			open[a.Key] = a.Kind
		}
	}
	return open, nil
}

// gone forgets an account that can't be read, and resolves the alerts of one that
// does not exist any more: there is nothing left to pay in to.
func (r *AccountReconciler) gone(ctx context.Context, account types.NamespacedName, deleted bool) {
	labels := prometheus.Labels{"namespace": account.Namespace, "account": account.Name}
	for _, gauges := range []*prometheus.GaugeVec{
		r.metrics.AccountBalance, r.metrics.AccountReserved, r.metrics.AccountCircuit,
		r.metrics.AccountAvailable, r.metrics.AccountTransfer, r.metrics.AccountFunds, r.metrics.AccountBudget,
	} {
		gauges.DeletePartialMatch(labels)
	}
	if !deleted {
		return
	}
	if err := r.keepAlerts(ctx, account, nil, func(string) bool { return false }); err != nil {
		log.FromContext(ctx).Info("Alerts of a deleted account are not resolved", "error", err.Error())
	}
}
