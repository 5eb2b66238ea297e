package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// AttemptState is what became of an attempt's reservation.
type AttemptState string

const (
	// AttemptReserved means that the attempt may have bought, or may yet.
	AttemptReserved AttemptState = "reserved"
	// AttemptSettled means that it bought, and what it cost is recorded.
	AttemptSettled AttemptState = "settled"
	// AttemptReleased means that it is proven not to have bought.
	AttemptReleased AttemptState = "released"
)

// Attempt is one attempt to buy, as recorded.
type Attempt struct {
	// Number counts from 1; 0 when there is no attempt.
	Number int64
	// State of the reservation.
	State AttemptState
	// IdempotencyKey sent to the provider.
	IdempotencyKey string
	// ProviderAccountID that the call was meant for.
	ProviderAccountID string
	// RequestID at the provider; known after settlement.
	RequestID string
	// ErrorCode of a released attempt.
	ErrorCode string
	// MaxPriceCents reserved, in minor units.
	MaxPriceCents int64
	// ReservedAt decides the day and month that the attempt counts in.
	ReservedAt time.Time
}

// Outcome is the recorded end of an order; empty while it is open.
type Outcome string

const (
	// OutcomeBought means that the order was bought and settled.
	OutcomeBought Outcome = "bought"
	// OutcomeRefused means that the order ended without a purchase.
	OutcomeRefused Outcome = "refused"
	// OutcomeCancelled means that the order was cancelled before a purchase.
	OutcomeCancelled Outcome = "cancelled"
)

// History is what the ledger knows of an order's identity. It outlives the
// order.
type History struct {
	// Outcome of the order; empty while open.
	Outcome Outcome
	// OutcomeReason as given with the outcome.
	OutcomeReason string
	// Latest attempt; its Number is 0 when nothing was ever reserved.
	Latest Attempt
	// Record that came with the outcome, to be written back to a recreated order.
	Record json.RawMessage
}

const (
	sqlInsertIdentity = `
INSERT INTO order_identities (namespace, source, external_id, name, uid, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (namespace, source, external_id) DO NOTHING`

	sqlLockIdentity = `
SELECT FROM order_identities
WHERE namespace = $1 AND source = $2 AND external_id = $3
FOR UPDATE`

	sqlHistory = `
SELECT COALESCE(i.outcome, ''), i.outcome_reason, i.record,
       COALESCE(a.attempt, 0), COALESCE(a.state, ''), COALESCE(a.idempotency_key, ''),
       COALESCE(a.provider_account_id, ''), COALESCE(a.request_id, ''), COALESCE(a.error_code, ''),
       COALESCE(a.max_price_cents, 0), a.reserved_at
FROM order_identities i
LEFT JOIN LATERAL (
    SELECT * FROM order_attempts a
    WHERE a.namespace = i.namespace AND a.source = i.source AND a.external_id = i.external_id
    ORDER BY a.attempt DESC LIMIT 1
) a ON true
WHERE i.namespace = $1 AND i.source = $2 AND i.external_id = $3`
)

// History returns what is recorded of an order; nil when nothing is.
func (l *Ledger) History(ctx context.Context, id v1alpha1.Identity) (*History, error) {
	var out *History
	err := l.do(ctx, "history", func(ctx context.Context) error {
		h, err := readHistory(ctx, l.pool, id)
		if errors.Is(err, pgx.ErrNoRows) {
			out = nil
			return nil
		}
		out = &h
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lockIdentity makes sure that the permanent row exists, locks it until the
// transaction ends, and reads the history as it is under that lock: in one round
// trip, since others may wait for the account meanwhile. Each statement still sees
// what was committed before it.
func (l *Ledger) lockIdentity(ctx context.Context, tx pgx.Tx, id v1alpha1.Identity, name, uid string) (History, error) {
	var h History
	b := &pgx.Batch{}
	l.queueIdentity(b, id, name, uid, &h)
	err := tx.SendBatch(ctx, b).Close()
	return h, err
}

func (l *Ledger) queueIdentity(b *pgx.Batch, id v1alpha1.Identity, name, uid string, h *History) {
	if name == "" {
		name = objectName(id)
	}
	b.Queue(sqlInsertIdentity, id.Namespace, id.Source, id.ExternalID, name, uid, l.now())
	b.Queue(sqlLockIdentity, id.Namespace, id.Source, id.ExternalID)
	b.Queue(sqlHistory, id.Namespace, id.Source, id.ExternalID).QueryRow(func(row pgx.Row) error {
		return scanHistory(row, h)
	})
}

func readHistory(ctx context.Context, q querier, id v1alpha1.Identity) (History, error) {
	var h History
	err := scanHistory(q.QueryRow(ctx, sqlHistory, id.Namespace, id.Source, id.ExternalID), &h)
	return h, err
}

func scanHistory(row pgx.Row, h *History) error {
	var record []byte
	var reservedAt *time.Time
	a := &h.Latest
	err := row.Scan(
		&h.Outcome, &h.OutcomeReason, &record,
		&a.Number, &a.State, &a.IdempotencyKey, &a.ProviderAccountID, &a.RequestID, &a.ErrorCode,
		&a.MaxPriceCents, &reservedAt)
	if err != nil {
		return err
	}
	if record != nil {
		h.Record = record
	}
	if reservedAt != nil {
		a.ReservedAt = reservedAt.UTC()
	}
	return nil
}
