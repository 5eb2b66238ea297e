package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// Defaults of the orphan sweep.
const (
	sweepEvery  = 30 * time.Minute
	sweepWindow = 7 * 24 * time.Hour
	sweepGrace  = 15 * time.Minute
	// sweepTimeout bounds the pass over one account, so that one provider that
	// hangs does not keep the others from being swept.
	sweepTimeout = 5 * time.Minute
)

// SweepLedger is what the sweep needs of package ledger.
type SweepLedger interface {
	SweepAttempts(ctx context.Context, namespace string, since time.Time, limit int) ([]ledger.SweepAttempt, error)
	OpenAlerts(ctx context.Context, namespace string, kinds ...string) ([]ledger.OpenAlert, error)
	RaiseAlert(context.Context, ledger.Alert) (bool, error)
	ResolveAlert(ctx context.Context, key string) (bool, error)
}

// OrphanSweep compares what the provider lists with the cluster and the ledger,
// both ways, and alerts on any difference: a purchase that nobody follows is
// money lost quietly. It only reads orders; it writes none and spends nothing.
type OrphanSweep struct {
	// Client reads accounts and orders, from a cache.
	Client client.Reader
	// Ledger knows attempts and holds the alerts.
	Ledger SweepLedger
	// Providers gives clients of the ZMA API.
	Providers act.Providers
	// Metrics of differences, successes and errors.
	Metrics *telemetry.Metrics
	// Log of accounts that could not be swept, and of alerts.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time
	// Roll gives random numbers in [0,1) for jitter.
	Roll func() float64
	// Every is the pause between two passes; 30 minutes when zero.
	Every time.Duration
	// Window is how far back the list is read; 7 days when zero.
	Window time.Duration
	// Grace is how old a difference has to be; 15 minutes when zero. Lists lag, and
	// orders are under way.
	Grace time.Duration

	swept map[types.NamespacedName]bool
}

// NeedLeaderElection makes one sweep of many replicas.
func (s *OrphanSweep) NeedLeaderElection() bool { return true }

// Start sweeps until the context ends: first soon after the start, since what
// went wrong before it is most likely then.
func (s *OrphanSweep) Start(ctx context.Context) error {
	every := orDefault(s.Every, sweepEvery)
	next := time.NewTimer(s.jitter(min(every, time.Minute)))
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.Info("Not every account could be compared with the provider", "error", err.Error())
		}
		next.Reset(every*9/10 + s.jitter(every/5))
	}
}

// jitter keeps installations from asking the provider at the same time.
func (s *OrphanSweep) jitter(most time.Duration) time.Duration {
	return time.Duration(s.Roll() * float64(most))
}

// Sweep makes one pass over every account. An account that can't be swept to the
// end is counted and named in the error, and keeps the others from nothing.
func (s *OrphanSweep) Sweep(ctx context.Context) error {
	var accounts v1alpha1.ZMAAccountList
	if err := s.Client.List(ctx, &accounts); err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	s.track(accounts.Items)
	var errs []error
	for i := range accounts.Items {
		a := &accounts.Items[i]
		if err := s.account(ctx, a); err != nil {
			s.Metrics.OrphanSweepErrors.WithLabelValues(a.Namespace, a.Name).Inc()
			errs = append(errs, fmt.Errorf("account %s/%s: %w", a.Namespace, a.Name, err))
		}
	}
	return errors.Join(errs...)
}

// track begins the time since the last success of a new account when it is first
// seen, so that one which never succeeds is noticed too, and drops the series of
// accounts that are gone.
func (s *OrphanSweep) track(accounts []v1alpha1.ZMAAccount) {
	there := map[types.NamespacedName]bool{}
	for i := range accounts {
		key := client.ObjectKeyFromObject(&accounts[i])
		there[key] = true
		if !s.swept[key] {
			s.succeeded(key.Namespace, key.Name)
		}
	}
	for key := range s.swept {
		if !there[key] {
			s.Metrics.OrphanSweepSuccess.DeleteLabelValues(key.Namespace, key.Name)
			s.Metrics.OrphanSweepErrors.DeleteLabelValues(key.Namespace, key.Name)
			s.Metrics.Orphans.DeletePartialMatch(map[string]string{"namespace": key.Namespace, "account": key.Name})
		}
	}
	s.swept = there
}

func (s *OrphanSweep) succeeded(namespace, account string) {
	s.Metrics.OrphanSweepSuccess.WithLabelValues(namespace, account).Set(float64(s.Now().Unix()))
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
