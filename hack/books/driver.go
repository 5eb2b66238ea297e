package books

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// pause before a repeat. The controllers wait longer; a short one tries an outage
// more often.
const pause = 50 * time.Millisecond

// attempts that are refused before an order is given up.
const attempts = 3

// Driver takes orders from their reservation to their end.
type Driver struct {
	Ledger   *ledger.Ledger
	Provider *Provider

	next        atomic.Int64
	finished    atomic.Int64
	unavailable atomic.Int64
}

// Finished is how many orders have ended.
func (d *Driver) Finished() int64 { return d.finished.Load() }

// Unavailable is how many operations the ledger could not do.
func (d *Driver) Unavailable() int64 { return d.unavailable.Load() }

// Run has workers take new orders until stop is closed, and returns once every
// order that was begun has ended. The error joins what must not have happened.
func (d *Driver) Run(ctx context.Context, workers int, stop <-chan struct{}) error {
	errs := make([]error, workers)
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() { errs[i] = d.work(ctx, stop) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (d *Driver) work(ctx context.Context, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		id := Identity(d.next.Add(1))
		if err := d.order(ctx, id); err != nil {
			return fmt.Errorf("%s: %w", id.ExternalID, err)
		}
		d.finished.Add(1)
	}
}

// Identity of an order by its number.
func Identity(n int64) v1alpha1.Identity {
	return v1alpha1.Identity{Namespace: "books", Source: "store", ExternalID: fmt.Sprintf("order-%d", n)}
}

// order repeats each step until the ledger has said yes, as a controller does
// whose status is durable.
func (d *Driver) order(ctx context.Context, id v1alpha1.Identity) error {
	for attempt := int64(1); ; attempt++ {
		r := reservation(id, attempt)
		if err := d.insist(ctx, func() error { _, err := d.Ledger.Reserve(ctx, r); return err }); err != nil {
			return err
		}
		cents, bought := d.Provider.Buy(r.IdempotencyKey, id, attempt)
		if bought {
			return d.insist(ctx, func() error { return d.Ledger.Settle(ctx, settlement(r, cents)) })
		}
		end := ledger.Release{Identity: id, Attempt: attempt, ErrorCode: "product_unavailable", Reason: "Rejected", Actor: "books"}
		if attempt == attempts {
			end.Outcome = ledger.OutcomeRefused
		}
		if err := d.insist(ctx, func() error { return d.Ledger.Release(ctx, end) }); err != nil || attempt == attempts {
			return err
		}
	}
}

// insist repeats what is unavailable. Any other error ends it: in an outage there
// must be none.
func (d *Driver) insist(ctx context.Context, f func() error) error {
	for {
		err := f()
		if !errors.Is(err, ledger.ErrUnavailable) {
			return err
		}
		d.unavailable.Add(1)
		select {
		case <-ctx.Done():
			return fmt.Errorf("never healed: %w", err)
		case <-time.After(pause):
		}
	}
}

func reservation(id v1alpha1.Identity, attempt int64) ledger.Reservation {
	plenty := int64(1) << 50
	return ledger.Reservation{
		Identity: id, Name: id.ExternalID, UID: "uid", Attempt: attempt, Account: fmt.Sprintf("account-%d", hash(id.ExternalID)%2),
		ProviderAccountID: "provider", IdempotencyKey: fmt.Sprintf("%s/%d", id.ExternalID, attempt), CustomerID: "customer",
		Currency: "USD", EstimateCents: 800, MaxPriceCents: 1000, Limits: ledger.Limits{DailyCents: &plenty, MonthlyCents: &plenty},
	}
}

func settlement(r ledger.Reservation, cents int64) ledger.Settlement {
	return ledger.Settlement{
		Identity: r.Identity, Attempt: r.Attempt, RequestID: "req-" + r.IdempotencyKey, EstimateCents: r.EstimateCents, Actor: "books",
		Actual: v1alpha1.ActualCost{SubtotalCents: cents - 60, TaxCents: 60, TotalCents: cents}, Record: []byte(`{}`),
	}
}
