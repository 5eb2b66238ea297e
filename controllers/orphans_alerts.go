package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// sweepAlerts bounds the open alerts of one kind and account: an account that
// another system has bought with for years needs one look, not thousands of rows.
// The metric counts all of them.
const sweepAlerts = 100

// sweepKinds are all kinds of difference, with their severities.
func sweepKinds() map[string]string {
	return map[string]string{
		KindUnknownPurchase:        ledger.SeverityWarning,
		KindOrderOrphaned:          ledger.SeverityCritical,
		KindOrderMissingAtProvider: ledger.SeverityCritical,
	}
}

// evidence is what a pass has seen, for alerts whose difference is gone.
type evidence struct {
	listed map[string]zma.Observation
	known  known
}

// explains tells whether a difference has an end that was seen: the order is listed
// and no difference any more, or it is not taken for bought any more. One that is
// only too old for the list has none: money that nobody has looked after does not
// come back by waiting, so its alert stays until a person resolves it.
func (e evidence) explains(kind, requestID string) bool {
	if _, ok := e.listed[requestID]; ok {
		return true
	}
	attempts := e.known.byRequest[requestID]
	bought := slices.ContainsFunc(attempts, func(a knownAttempt) bool { return a.fate != fateRefused })
	return kind == KindOrderMissingAtProvider && len(attempts) > 0 && !bought
}

// tell raises an alert for each difference, resolves those of differences that
// have ended, and counts what is open.
func (s *OrphanSweep) tell(ctx context.Context, account *v1alpha1.ZMAAccount, found []Difference, seen evidence) error {
	open, err := s.openAlerts(ctx, account)
	if err != nil {
		return err
	}
	count := map[string]int{}
	var errs []error
	for _, d := range found {
		count[d.Kind]++
		errs = append(errs, s.raise(ctx, account, d, open))
	}
	for _, d := range found {
		delete(open[d.Kind], d.RequestID)
	}
	for kind, left := range open {
		for requestID := range left {
			if !seen.explains(kind, requestID) {
				count[kind]++
				continue
			}
			errs = append(errs, s.resolve(ctx, account, kind, requestID))
		}
	}
	for kind := range sweepKinds() {
		s.Metrics.Orphans.WithLabelValues(account.Namespace, account.Name, kind).Set(float64(count[kind]))
	}
	return errors.Join(errs...)
}

// openAlerts reads the account's open alerts by kind and request ID, those of an
// earlier process too.
func (s *OrphanSweep) openAlerts(ctx context.Context, account *v1alpha1.ZMAAccount) (map[string]map[string]bool, error) {
	open := map[string]map[string]bool{}
	for kind := range sweepKinds() {
		open[kind] = map[string]bool{}
		alerts, err := s.Ledger.OpenAlerts(ctx, account.Namespace, kind)
		if err != nil {
			return nil, fmt.Errorf("read open alerts: %w", err)
		}
		for _, a := range alerts {
			if requestID, mine := strings.CutPrefix(a.Key, alertKey(account, kind, "")); mine {
				open[kind][requestID] = true
			}
		}
	}
	return open, nil
}

// raise opens the alert of a difference, or counts it when it is open already.
func (s *OrphanSweep) raise(ctx context.Context, account *v1alpha1.ZMAAccount, d Difference, open map[string]map[string]bool) error {
	if !open[d.Kind][d.RequestID] && len(open[d.Kind]) >= sweepAlerts {
		return nil
	}
	object := d.Order
	if object == "" {
		object = account.Name
	}
	opened, err := s.Ledger.RaiseAlert(ctx, ledger.Alert{
		Key: alertKey(account, d.Kind, d.RequestID), Severity: sweepKinds()[d.Kind], Kind: d.Kind,
		Namespace: account.Namespace, Object: object, Runbook: "docs/runbooks/" + d.Kind + ".md",
		Summary: d.Why + " Request ID " + d.RequestID + ".",
	})
	if err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	open[d.Kind][d.RequestID] = true
	if opened {
		s.Log.Info("The provider and the records differ", "kind", d.Kind, "namespace", account.Namespace,
			"account", account.Name, "order", d.Order, "requestID", d.RequestID)
	}
	return nil
}

func (s *OrphanSweep) resolve(ctx context.Context, account *v1alpha1.ZMAAccount, kind, requestID string) error {
	resolved, err := s.Ledger.ResolveAlert(ctx, alertKey(account, kind, requestID))
	if err != nil {
		return fmt.Errorf("resolve an alert: %w", err)
	}
	if resolved {
		s.Log.Info("A difference with the provider has ended", "kind", kind, "namespace", account.Namespace,
			"account", account.Name, "requestID", requestID)
	}
	return nil
}

// alertKey makes the alert of a difference the same one in every pass. None of its
// parts can hold a slash.
func alertKey(account *v1alpha1.ZMAAccount, kind, requestID string) string {
	return kind + "/" + account.Namespace + "/" + account.Name + "/" + requestID
}
