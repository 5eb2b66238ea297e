package act

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

const (
	// trailBatch is how many rows go to Postgres in one transaction, and trailOrders
	// of how many orders they are made again at a time.
	trailBatch, trailOrders = 500, 50
	// trailPause lets rows of several orders gather into one batch.
	trailPause = 20 * time.Millisecond
	// trailRetry is the pause after a batch that could not be written.
	trailRetry = time.Second
	// trailDrain bounds the writing of what is left at the end of the process.
	trailDrain = 5 * time.Second
)

// NeedLeaderElection keeps the writer going until the orders have come to rest: what
// needs the lease is stopped first.
func (l *Trail) NeedLeaderElection() bool { return false }

// Start writes rows until the context ends, and then those that are left.
func (l *Trail) Start(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return l.drain(ctx)
		case <-l.wake:
			l.flushUntilDone(ctx)
		}
	}
}

// flushUntilDone tries again while the ledger is away, and says so once.
func (l *Trail) flushUntilDone(ctx context.Context) {
	said := false
	for {
		err := l.flush(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !said {
			said = true
			l.log.Info("Audit rows wait for the ledger", "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(trailRetry):
		}
	}
}

func (l *Trail) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trailDrain)
	defer cancel()
	if err := l.flush(ctx); err != nil {
		l.log.Info("Audit rows were left; the next process makes those of transitions and paid calls again", "error", err.Error())
	}
	return nil
}

// flush writes until nothing is left or the ledger is away.
func (l *Trail) flush(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
		case <-time.After(trailPause):
		}
		rows, orders, lost := l.take()
		if lost > 0 {
			l.metrics.AuditLost.Add(float64(lost))
			l.log.Info("Decisions are missing in the audit trail: the ledger was away for too long", "decisions", lost)
		}
		if len(rows) == 0 && len(orders) == 0 {
			return nil
		}
		made, err := l.make(ctx, orders)
		if err == nil {
			err = l.write(ctx, append(made, rows...))
		}
		if err != nil {
			l.putBack(rows, orders)
			return err
		}
	}
}

// take takes what comes next.
func (l *Trail) take() (rows []ledger.AuditEntry, orders []types.NamespacedName, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.rows), trailBatch)
	rows, l.rows = slices.Clone(l.rows[:n]), slices.Delete(l.rows, 0, n)
	for key := range maps.Keys(l.remake) {
		if len(orders) == trailOrders {
			break
		}
		orders = append(orders, key)
	}
	for _, key := range orders {
		delete(l.remake, key)
	}
	lost, l.lost = l.lost, 0
	l.metrics.AuditWaiting.Set(float64(len(l.rows)))
	return rows, orders, lost
}

func (l *Trail) putBack(rows []ledger.AuditEntry, orders []types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(rows, l.rows...)
	l.metrics.AuditWaiting.Set(float64(len(l.rows)))
	for _, key := range orders {
		l.remake[key] = true
	}
}

// make makes the rows of orders from their status.
func (l *Trail) make(ctx context.Context, orders []types.NamespacedName) (rows []ledger.AuditEntry, err error) {
	for _, key := range orders {
		var o v1alpha1.ZMAOrder
		if err := l.client.Get(ctx, key, &o); err != nil {
			if apierrors.IsNotFound(err) {
				continue // its rows were taken before it went
			}
			return nil, err
		}
		rows = append(rows, remade(&o)...)
	}
	return rows, nil
}

// write writes rows together; one by one when one of them is refused, so that it
// does not hold up the others.
func (l *Trail) write(ctx context.Context, rows []ledger.AuditEntry) error {
	err := l.ledger.Audit(ctx, rows...)
	if err == nil || !errors.Is(err, ledger.ErrInvalid) {
		return err
	}
	for _, row := range rows {
		err := l.ledger.Audit(ctx, row)
		switch {
		case errors.Is(err, ledger.ErrInvalid):
			l.metrics.AuditLost.Inc()
			l.log.Error(err, "An audit row was refused", "action", row.Action, "object", row.Object)
		case err != nil:
			return err
		}
	}
	return nil
}
