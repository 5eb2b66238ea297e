package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// openAlertsLimit bounds what one read gives. What is left out is read once
// those before it are resolved.
const openAlertsLimit = 5000

// OpenAlert is an alert that nobody has resolved yet.
type OpenAlert struct {
	// Key as it was raised with.
	Key string
	// Kind of the alert.
	Kind string
	// Object concerned; may be empty.
	Object string
	// FirstSeenAt and LastSeenAt tell since when, and whether still.
	FirstSeenAt, LastSeenAt time.Time
}

const sqlOpenAlerts = `
SELECT alert_key, kind, object, first_seen_at, last_seen_at
FROM admin_alerts
WHERE resolved_at IS NULL AND namespace = $1 AND kind = ANY($2)
ORDER BY id
LIMIT $3`

// OpenAlerts reads the open alerts of some kinds in a namespace, oldest first, at
// most 5000. It is how a process resolves what an earlier one has raised.
func (l *Ledger) OpenAlerts(ctx context.Context, namespace string, kinds ...string) ([]OpenAlert, error) {
	var out []OpenAlert
	err := l.do(ctx, "open_alerts", func(ctx context.Context) error {
		rows, err := l.pool.Query(ctx, sqlOpenAlerts, namespace, kinds, openAlertsLimit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[OpenAlert])
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
