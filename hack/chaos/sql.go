package chaos

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

func attempts(ctx context.Context, conn *pgx.Conn) (map[string][]oracle.Attempt, error) {
	refunded, err := refundColumn(ctx, conn)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, `
		SELECT a.external_id, a.attempt, a.idempotency_key, a.state, c.state, COALESCE(c.total_cents, 0), `+refunded+`, c.account
		FROM order_attempts a JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)`)
	if err != nil {
		return nil, err
	}
	out := map[string][]oracle.Attempt{}
	var id string
	var a oracle.Attempt
	_, err = pgx.ForEachRow(rows, []any{&id, &a.Number, &a.Key, &a.State, &a.CostState, &a.TotalCents, &a.RefundedCents, &a.Account}, func() error {
		out[id] = append(out[id], a)
		return nil
	})
	return out, err
}

// refundColumn is where the ledger keeps what came back.
func refundColumn(ctx context.Context, conn *pgx.Conn) (string, error) {
	var n int
	err := conn.QueryRow(ctx, `SELECT count(*) FROM information_schema.columns WHERE table_name = 'zma_cost_tracking' AND column_name = 'refunded_cents'`).Scan(&n)
	if n == 0 {
		return "0::bigint", err
	}
	return "COALESCE(c.refunded_cents, 0)", err
}

func mirrors(ctx context.Context, conn *pgx.Conn) (map[string]oracle.Mirror, error) {
	rows, err := conn.Query(ctx, `SELECT external_id, status_reason, actual_total_cents FROM orders WHERE deleted_at IS NULL`)
	if err != nil {
		return nil, err
	}
	out := map[string]oracle.Mirror{}
	var id, reason string
	var actual *int64
	_, err = pgx.ForEachRow(rows, []any{&id, &reason, &actual}, func() error {
		out[id] = oracle.Mirror{Reason: reason, ActualCents: actual}
		return nil
	})
	return out, err
}

func outbox(ctx context.Context, conn *pgx.Conn) ([]oracle.Mail, error) {
	rows, err := conn.Query(ctx, `SELECT external_id, kind, message_id, state = 'dead' FROM email_outbox`)
	if err != nil {
		return nil, err
	}
	var out []oracle.Mail
	var m oracle.Mail
	_, err = pgx.ForEachRow(rows, []any{&m.ID, &m.Kind, &m.MessageID, &m.Dead}, func() error {
		m.MessageID = strings.Trim(m.MessageID, "<>")
		out = append(out, m)
		return nil
	})
	return out, err
}
