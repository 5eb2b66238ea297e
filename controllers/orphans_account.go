package controllers

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

const (
	// sweepAttempts bounds the attempts of one pass in memory.
	sweepAttempts = 200_000
	// sweepUnresolved is how long the resolver may take for what is listed.
	sweepUnresolved = time.Hour
	// clockSkew is how far the provider's clock may be from ours.
	clockSkew = time.Hour
)

// account sweeps one account. When one of the three views can't be had, nothing
// is compared and no alert changes: an answer that did not come is no absence.
func (s *OrphanSweep) account(ctx context.Context, account *v1alpha1.ZMAAccount) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	now := s.Now()
	since := now.Add(-orDefault(s.Window, sweepWindow))
	listed, unreadable, err := s.list(ctx, account, since)
	if err != nil {
		return err
	}
	books, cluster, err := s.known(ctx, account, since)
	if err != nil {
		return err
	}
	differences := compare(listed, books, cluster, now, rules{
		namespace: account.Namespace, since: since, grace: orDefault(s.Grace, sweepGrace),
		unresolved: sweepUnresolved, complete: unreadable == 0,
	})
	if err := s.tell(ctx, account, differences, evidence{listed: byRequest(listed), known: newKnown(books, cluster)}); err != nil {
		return err
	}
	if unreadable > 0 {
		return fmt.Errorf("%d entries of the provider's list can't be read", unreadable)
	}
	s.succeeded(account.Namespace, account.Name)
	return nil
}

// list reads the provider's list. It comes before our own records: whatever it
// holds was recorded before it was sent.
func (s *OrphanSweep) list(ctx context.Context, account *v1alpha1.ZMAAccount, since time.Time) (listed []zma.Observation, unreadable int, err error) {
	provider, err := s.Providers.For(ctx, account)
	if err != nil {
		return nil, 0, fmt.Errorf("prepare the provider's client: %w", err)
	}
	err = provider.List(ctx, since, func(o zma.Observation) bool {
		if o.RequestID == "" {
			unreadable++
			return true
		}
		listed = append(listed, slim(o))
		return true
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list the provider's orders: %w", err)
	}
	return listed, unreadable, nil
}

// slim keeps what the comparison needs: a week of parcels and prices does not
// have to be held.
func slim(o zma.Observation) zma.Observation {
	return zma.Observation{RequestID: o.RequestID, Phase: o.Phase, Key: o.Key, Identity: o.Identity, Attempt: o.Attempt, CreatedAt: o.CreatedAt}
}

// known reads what the ledger and the cluster know. Of both it reads the whole
// namespace, since several ZMAAccounts may buy with one account at the provider.
func (s *OrphanSweep) known(ctx context.Context, account *v1alpha1.ZMAAccount, since time.Time) (books, cluster []knownAttempt, err error) {
	attempts, err := s.Ledger.SweepAttempts(ctx, account.Namespace, since.Add(-clockSkew), sweepAttempts)
	if err != nil {
		return nil, nil, fmt.Errorf("read the ledger's attempts: %w", err)
	}
	var orders v1alpha1.ZMAOrderList
	// They are only read, and copying all orders would cost more than comparing them.
	err = s.Client.List(ctx, &orders, client.InNamespace(account.Namespace), client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, nil, fmt.Errorf("list orders: %w", err)
	}
	return ofLedger(attempts, account), ofCluster(orders.Items, account), nil
}

var _ SweepLedger = (*ledger.Ledger)(nil)
