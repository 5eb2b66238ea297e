package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// RecoveryEntry is one recovery, automatic or by hand.
type RecoveryEntry struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Attempt concerned; 0 before the first.
	Attempt int64
	// Verb of the recovery, and the Reason for it.
	Verb, Reason string
	// Result of it, in words.
	Result string
	// Actor who asked, or the part of the operator that did.
	Actor string
	// StartedAt is when it began; now when zero.
	StartedAt time.Time
	// Duration of it.
	Duration time.Duration
}

const sqlInsertRecovery = `
INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const sqlInsertRequest = `
INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us, request)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (namespace, source, external_id, request, started_at) WHERE request <> '' DO NOTHING`

// RecordRequest puts a recovery that was asked for by hand on record: into the log
// and, as audit says, into the audit trail, both or none. It may be repeated: one
// request at one time is one row in each.
func (l *Ledger) RecordRequest(ctx context.Context, e RecoveryEntry, request string, audit AuditEntry) error {
	return l.tx(ctx, "record_request", func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlInsertRequest, e.Identity.Namespace, e.Identity.Source, e.Identity.ExternalID,
			e.Attempt, clip(e.Verb, 64), clip(e.Reason, 256), clip(e.Result, 512), clip(e.Actor, 256),
			e.StartedAt, max(0, e.Duration.Microseconds()), clip(request, 256))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		b := &pgx.Batch{}
		if err := queueAudit(b, audit, l.now()); err != nil {
			return err
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

// LogRecovery appends one recovery.
func (l *Ledger) LogRecovery(ctx context.Context, e RecoveryEntry) error {
	if e.StartedAt.IsZero() {
		e.StartedAt = l.now()
	}
	return l.do(ctx, "log_recovery", func(ctx context.Context) error {
		_, err := l.pool.Exec(ctx, sqlInsertRecovery, e.Identity.Namespace, e.Identity.Source, e.Identity.ExternalID,
			e.Attempt, clip(e.Verb, 64), clip(e.Reason, 256), clip(e.Result, 512), clip(e.Actor, 256),
			e.StartedAt, max(0, e.Duration.Microseconds()))
		return err
	})
}
