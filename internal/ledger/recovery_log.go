package ledger

import (
	"context"
	"time"

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
