package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	sqlEnsurePartitions = `SELECT zma_partitions_ensure()`

	sqlDropPartition = `SELECT partitions, removed FROM zma_partitions_drop($1)`
)

// upkeepTimeout bounds one step of the upkeep: rows of a whole month may be counted.
const upkeepTimeout = 2 * time.Minute

// upkeepSteps bounds one run; what is left goes in the next.
const upkeepSteps = 60

// beginUpkeep begins a transaction that may take that long, but waits no longer for
// locks than any other: writers would queue up behind it.
const beginUpkeep = `BEGIN; SET LOCAL statement_timeout = '120000'; SET LOCAL lock_timeout = '3000'`

// beginDrop waits for a moment only: dropping a partition locks the whole table, and
// every delivery would queue behind a reader that is waited for.
const beginDrop = `BEGIN; SET LOCAL statement_timeout = '120000'; SET LOCAL lock_timeout = '200'`

// Dropped is what the upkeep took away.
type Dropped struct {
	// Partitions that were dropped whole.
	Partitions int64
	// Rows that went, those of the partitions included.
	Rows int64
}

// EnsurePartitions makes the partitions of the delivery log for this month and the
// next three by the clock of the database, and tells how many were missing. Without
// them nothing is lost: rows go to the default partition, and move when theirs is
// made.
func (l *Ledger) EnsurePartitions(ctx context.Context) (made int64, err error) {
	err = l.upkeep(ctx, beginUpkeep, "ensure_partitions", func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, sqlEnsurePartitions).Scan(&made)
	})
	return made, err
}

// DropDeliveries drops the months of the delivery log of which every row is older
// than keep, in whole days, and rows of such months that are in no month's
// partition. Less than 30 days are refused as ErrInvalid. What went before an error
// is counted.
func (l *Ledger) DropDeliveries(ctx context.Context, keep time.Duration) (d Dropped, err error) {
	days := int32(min((keep+24*time.Hour-1)/(24*time.Hour), 36500)) //nolint:gosec // bounded just there
	for range upkeepSteps {
		var partitions, rows int64
		err := l.upkeep(ctx, beginDrop, "drop_deliveries", func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, sqlDropPartition, days).Scan(&partitions, &rows)
		})
		if err != nil {
			return d, err
		}
		d.Partitions, d.Rows = d.Partitions+partitions, d.Rows+rows
		if partitions == 0 && rows == 0 {
			break
		}
	}
	return d, nil
}

// upkeep is tx for what may take minutes and is nobody's to wait for.
func (l *Ledger) upkeep(ctx context.Context, begin, op string, f func(context.Context, pgx.Tx) error) error {
	return l.within(ctx, upkeepTimeout, op, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error { return f(ctx, tx) })
	})
}
