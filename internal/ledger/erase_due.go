package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// An order that came back meanwhile is none that has gone.
	sqlDueOrders = `
SELECT o.namespace, o.source, o.external_id, o.name FROM orders o
WHERE o.erased_at IS NULL AND o.deleted_at < $1
    AND NOT EXISTS (SELECT FROM order_attempts a WHERE a.namespace = o.namespace AND a.source = o.source
        AND a.external_id = o.external_id AND a.state = 'reserved')
    AND NOT EXISTS (SELECT FROM email_outbox m WHERE m.namespace = o.namespace AND m.source = o.source
        AND m.external_id = o.external_id AND m.state IN ('pending', 'sending'))
ORDER BY o.deleted_at LIMIT $2
FOR UPDATE OF o SKIP LOCKED`

	sqlKeptCosts = `
SELECT EXISTS (SELECT FROM orders o JOIN zma_cost_tracking c USING (namespace, source, external_id)
    WHERE o.erased_at >= $1 AND c.customer_id <> '' AND c.reserved_at < $2)`

	// Numbers that were kept for the limits of their day.
	sqlEraseKeptCosts = `
UPDATE zma_cost_tracking c SET customer_id = '', contents_digest = NULL
FROM orders o
WHERE o.erased_at >= $1 AND c.namespace = o.namespace AND c.source = o.source AND c.external_id = o.external_id
    AND c.customer_id <> '' AND c.reserved_at < $2`
)

// keptLookback is how long after an erasure the numbers that it kept are looked for.
// Whoever erases the customer again finds them however late it is.
const keptLookback = 90 * 24 * time.Hour

// EraseEnded erases the personal data of up to limit orders that left the cluster
// before a time, as EraseCustomer does, those gone longest first. Orders with an open
// attempt or a mail to send are left out.
func (l *Ledger) EraseEnded(ctx context.Context, before time.Time, limit int) (out Erasure, err error) {
	err = l.tx(ctx, "erase_ended", func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlDueOrders, before, limit)
		if err != nil {
			return err
		}
		orders, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o erased, err error) {
			err = row.Scan(&o.id.Namespace, &o.id.Source, &o.id.ExternalID, &o.name)
			return o, err
		})
		if err != nil {
			return err
		}
		if out, err = l.eraseOrders(ctx, tx, orders); err != nil {
			return err
		}
		return l.auditErasure(ctx, tx, orders, "controller")
	})
	return out, err
}

// EraseKept empties customers' numbers that an erasure of the last 90 days had to
// keep for the limits of the day, and tells of how many costs.
func (l *Ledger) EraseKept(ctx context.Context) (costs int64, err error) {
	erasedSince, reservedBefore := l.now().Add(-keptLookback), l.now().Add(-customerKept)
	err = l.do(ctx, "erase_kept", func(ctx context.Context) error {
		// Most of the time there are none, and then nothing is written.
		var kept bool
		if err := l.pool.QueryRow(ctx, sqlKeptCosts, erasedSince, reservedBefore).Scan(&kept); err != nil || !kept {
			return err
		}
		tag, err := l.pool.Exec(ctx, sqlEraseKeptCosts, erasedSince, reservedBefore)
		costs = tag.RowsAffected()
		return err
	})
	return costs, err
}

// changes keeps how many rows a statement of a batch changed.
func changes(n *int64) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		*n = tag.RowsAffected()
		return nil
	}
}
