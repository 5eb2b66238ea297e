package ledger

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Refund is money that came back for an attempt that bought.
type Refund struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Attempt that bought.
	Attempt int64
	// Reference of the movement at the provider; one reference counts once.
	Reference string
	// Cents that came back, in minor units; positive.
	Cents int64
	// Actor for the audit trail.
	Actor string
}

const (
	sqlInsertRefund = `
INSERT INTO order_refunds (namespace, source, external_id, attempt, reference, cents, booked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (namespace, source, external_id, attempt, reference) DO NOTHING`

	sqlSumRefunds = `
SELECT COALESCE(sum(cents), 0)::bigint FROM order_refunds
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4`

	sqlBookRefunds = `
UPDATE zma_cost_tracking SET refunded_cents = $5, refunded_at = $6
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4`
)

// Refund books money that came back, once for each reference, and gives the total
// that has come back for the attempt. It returns *ErrMismatch for an attempt that
// is not settled: what was not spent can't come back.
func (l *Ledger) Refund(ctx context.Context, r Refund) (totalCents int64, err error) {
	err = l.tx(ctx, "refund", func(ctx context.Context, tx pgx.Tx) error {
		totalCents, err = l.refund(ctx, tx, r)
		return err
	})
	return totalCents, err
}

func (l *Ledger) refund(ctx context.Context, tx pgx.Tx, r Refund) (int64, error) {
	id := r.Identity
	a, err := l.attemptForUpdate(ctx, tx, id, r.Attempt)
	if err != nil {
		return 0, err
	}
	if a.state != AttemptSettled || r.Cents <= 0 {
		return 0, &ErrMismatch{Attempt: r.Attempt, State: a.state, RecordedCents: a.totalCents, GivenCents: r.Cents}
	}
	now := l.now()
	tag, err := tx.Exec(ctx, sqlInsertRefund, id.Namespace, id.Source, id.ExternalID, r.Attempt, clip(r.Reference, 128), r.Cents, now)
	if err != nil {
		return 0, err
	}
	var total int64
	if err := tx.QueryRow(ctx, sqlSumRefunds, id.Namespace, id.Source, id.ExternalID, r.Attempt).Scan(&total); err != nil {
		return 0, err
	}
	if tag.RowsAffected() == 0 {
		return total, nil
	}
	return total, l.recordRefund(ctx, tx, r, total, now)
}

func (l *Ledger) recordRefund(ctx context.Context, tx pgx.Tx, r Refund, total int64, now time.Time) error {
	id, b := r.Identity, &pgx.Batch{}
	b.Queue(sqlBookRefunds, id.Namespace, id.Source, id.ExternalID, r.Attempt, total, now)
	err := queueAudit(b, AuditEntry{
		Actor: r.Actor, Action: ActionRefund, Namespace: id.Namespace, Object: objectName(id), Attempt: r.Attempt,
		InputsDigest: InputsDigest(ActionRefund, id.Namespace, id.Source, id.ExternalID, cents(r.Attempt), r.Reference, cents(r.Cents), cents(total)),
		Detail:       map[string]string{"cents": strconv.FormatInt(r.Cents, 10), "totalCents": strconv.FormatInt(total, 10), "reference": clip(r.Reference, 128)},
	}, now)
	if err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}
