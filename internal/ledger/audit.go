package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxAuditValue keeps a detail below the column's bound; maxAuditKeys likewise.
const (
	maxAuditValue = 256
	maxAuditKeys  = 16
)

// AuditEntry says who did what to which object. It must hold no personal data of
// customers: it can never be erased.
type AuditEntry struct {
	// At is when it happened; now when zero.
	At time.Time
	// Actor is a user or a part of the operator; "unknown" when empty.
	Actor string
	// Action is one of the Action constants.
	Action string
	// Namespace and Object name what was acted on.
	Namespace, Object string
	// Attempt concerned; 0 for none.
	Attempt int64
	// InputsDigest is InputsDigest of what the decision rested on.
	InputsDigest string
	// Detail holds up to 16 short values.
	Detail map[string]string
}

const (
	sqlInsertAudit = `
INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)`

	// Two unique indexes say what is the same row: audit_log_once and
	// audit_log_refused_once.
	sqlInsertAuditOnce = `
INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
ON CONFLICT DO NOTHING`
)

// once tells whether rows of an action may be written again by a process that does
// not know whether they were: the first one stays.
func once(action string) bool {
	switch action {
	case ActionRefuse, ActionTransition, ActionSubmit, ActionDecide:
		return true
	}
	return false
}

// Audit appends entries, all or none. An order's transitions, decisions and paid
// calls are told apart by InputsDigest and the detail "outcome": what is there
// already is left as it is. So are refusals, by attempt and limit.
func (l *Ledger) Audit(ctx context.Context, entries ...AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	return l.tx(ctx, "audit", func(ctx context.Context, tx pgx.Tx) error {
		b := &pgx.Batch{}
		for _, e := range entries {
			if err := queueAudit(b, e, l.now()); err != nil {
				return err
			}
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

func queueAudit(b *pgx.Batch, e AuditEntry, now time.Time) error {
	if e.At.IsZero() {
		e.At = now
	}
	if e.Actor == "" {
		e.Actor = "unknown"
	}
	if len(e.Detail) > maxAuditKeys {
		return fmt.Errorf("%w: more than %d audit details", ErrInvalid, maxAuditKeys)
	}
	detail := make(map[string]string, len(e.Detail))
	for k, v := range e.Detail {
		if v != "" {
			detail[clip(k, 64)] = clip(v, maxAuditValue)
		}
	}
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("ledger: encoding audit details: %w", err)
	}
	sql := sqlInsertAudit
	if once(e.Action) {
		sql = sqlInsertAuditOnce
	}
	b.Queue(sql, e.At, clip(e.Actor, 256), clip(e.Action, 64), e.Namespace,
		clip(e.Object, 320), e.Attempt, clip(e.InputsDigest, 128), string(raw))
	return nil
}
