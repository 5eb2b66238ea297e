package ledger

import "context"

// The severities of an alert.
const (
	SeverityInfo     = "info"
	SeverityWarning  = "warning"
	SeverityCritical = "critical"
)

// Alert tells the people who run the operator of something that lasts.
type Alert struct {
	// Key makes it the same alert; at most 512 characters.
	Key string
	// Severity is one of the Severity constants.
	Severity string
	// Kind of the alert, shared by alerts of one runbook page.
	Kind string
	// Namespace and Object concerned; may be empty.
	Namespace, Object string
	// Summary for people, without personal data.
	Summary string
	// Runbook is where to read on.
	Runbook string
}

const (
	sqlRaiseAlert = `
INSERT INTO admin_alerts (alert_key, severity, kind, namespace, object, summary, runbook, first_seen_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (alert_key) WHERE resolved_at IS NULL DO UPDATE
SET occurrences = admin_alerts.occurrences + 1, last_seen_at = EXCLUDED.last_seen_at,
    severity = EXCLUDED.severity, summary = EXCLUDED.summary
RETURNING occurrences = 1`

	sqlResolveAlert = `UPDATE admin_alerts SET resolved_at = $2 WHERE alert_key = $1 AND resolved_at IS NULL`
)

// RaiseAlert opens an alert, or counts it when one of its key is open; opened
// tells which, so that people are told once.
func (l *Ledger) RaiseAlert(ctx context.Context, a Alert) (opened bool, err error) {
	err = l.do(ctx, "raise_alert", func(ctx context.Context) error {
		return l.pool.QueryRow(ctx, sqlRaiseAlert, a.Key, a.Severity, a.Kind, a.Namespace,
			clip(a.Object, 320), clip(a.Summary, 512), clip(a.Runbook, 512), l.now()).Scan(&opened)
	})
	return opened && err == nil, err
}

// ResolveAlert closes the open alert of a key; false when there was none.
func (l *Ledger) ResolveAlert(ctx context.Context, key string) (resolved bool, err error) {
	err = l.do(ctx, "resolve_alert", func(ctx context.Context) error {
		tag, err := l.pool.Exec(ctx, sqlResolveAlert, key, l.now())
		resolved = tag.RowsAffected() > 0
		return err
	})
	return resolved && err == nil, err
}
