package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// securityPatience is how long after its end a minute's security events are
// gathered: the endpoint's replicas write their deliveries in the background.
const securityPatience = 30 * time.Second

// sqlTakeSecurityEvents takes what has been noted of minutes that are over. What is
// noted of one of them later makes another row.
const sqlTakeSecurityEvents = `
WITH taken AS (
    DELETE FROM security_events WHERE minute <= $1
    RETURNING namespace, source, event, minute
)
SELECT namespace, source, event, minute, count(*) FROM taken
GROUP BY namespace, source, event, minute ORDER BY minute, namespace, source, event`

// AuditSecurityEvents moves security events of the webhook endpoint into the audit
// trail: a row for each source, event and minute, with their number, however many
// there were. It may run anywhere, any number of times.
func (l *Ledger) AuditSecurityEvents(ctx context.Context) (rows int, err error) {
	over := l.now().Add(-securityPatience).Truncate(time.Minute).Add(-time.Minute)
	err = l.tx(ctx, "audit_security", func(ctx context.Context, tx pgx.Tx) error {
		found, err := tx.Query(ctx, sqlTakeSecurityEvents, over)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		var namespace, source, event string
		var minute time.Time
		var n int64
		_, err = pgx.ForEachRow(found, []any{&namespace, &source, &event, &minute, &n}, func() error {
			return queueAudit(b, securityAudit(namespace, source, event, minute, n), l.now())
		})
		rows = b.Len()
		if err != nil || rows == 0 {
			return err
		}
		return tx.SendBatch(ctx, b).Close()
	})
	return rows, err
}

func securityAudit(namespace, source, event string, minute time.Time, n int64) AuditEntry {
	return AuditEntry{
		At: minute, Actor: "endpoint", Action: ActionSecurity, Namespace: namespace, Object: source,
		InputsDigest: InputsDigest(ActionSecurity, namespace, source, event, moment(minute), cents(n)),
		Detail:       map[string]string{"event": event, "count": cents(n)},
	}
}
