package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// operationTimeout ends what the server's own timeouts can't, such as a network
// that swallows packets, or a statement behind a pooler that drops settings.
const operationTimeout = 10 * time.Second

// conflictRetries bounds repeats after a serialization failure or a deadlock.
const conflictRetries = 3

// querier is what a pool and a transaction have in common.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// do runs one operation with its timeout, retries, error translation and metric.
func (l *Ledger) do(ctx context.Context, op string, f func(context.Context) error) error {
	return l.within(ctx, operationTimeout, op, f)
}

// within is do with a timeout of the operation's own.
func (l *Ledger) within(ctx context.Context, timeout time.Duration, op string, f func(context.Context) error) error {
	start := l.now()
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := f(bounded)
	if parametersRefused(err) {
		l.pooler.Store(true)
		err = f(bounded)
	}
	for n := 0; n < conflictRetries && repeatable(err); n++ {
		err = f(bounded)
	}
	err = translate(op, cancelled(ctx, err))
	l.observe(op, start, err)
	return err
}

// tx is do inside one transaction at READ COMMITTED: what must not change is
// locked by rows, and each statement sees what was committed before it. The
// bounds are set with its beginning, so that they hold behind a pooler, too.
func (l *Ledger) tx(ctx context.Context, op string, f func(context.Context, pgx.Tx) error) error {
	return l.do(ctx, op, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{BeginQuery: l.begin}, func(tx pgx.Tx) error { return f(ctx, tx) })
	})
}

func (l *Ledger) observe(op string, start time.Time, err error) {
	if l.metrics == nil {
		return
	}
	l.metrics.LedgerDuration.WithLabelValues(op, outcomeLabel(err)).Observe(l.now().Sub(start).Seconds())
}

func outcomeLabel(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	case refused(err):
		return "refused"
	default:
		return "error"
	}
}
