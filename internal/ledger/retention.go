package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Leaver is a finished order that is to leave the cluster, as it was read there.
type Leaver struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// UID and ResourceVersion of the object.
	UID, ResourceVersion string
}

// MayLeave is the ledger's consent to one of those that were asked about.
type MayLeave struct {
	// Index among them.
	Index int
	// Outcome on record; empty for an order that never reserved anything and was
	// never closed: without an outcome its webhook, sent again, would buy.
	Outcome Outcome
}

// sqlMayLeave knows what must be true for an object to go: its documents are stored
// at this version or a newer one, no money is held for it, and no mail waits.
const sqlMayLeave = `
SELECT c.number - 1, COALESCE(i.outcome, '')
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    WITH ORDINALITY c (namespace, source, external_id, uid, version, number)
JOIN orders o ON o.namespace = c.namespace AND o.source = c.source AND o.external_id = c.external_id
    AND o.uid = c.uid AND o.document_version >= c.version::numeric
LEFT JOIN order_identities i ON i.namespace = c.namespace AND i.source = c.source AND i.external_id = c.external_id
WHERE (i.outcome IS NOT NULL OR NOT EXISTS (
        SELECT FROM order_attempts a WHERE a.namespace = c.namespace AND a.source = c.source
        AND a.external_id = c.external_id AND a.state <> 'released'))
    AND NOT EXISTS (
        SELECT FROM order_attempts a WHERE a.namespace = c.namespace AND a.source = c.source
        AND a.external_id = c.external_id AND a.state = 'reserved')
    AND NOT EXISTS (
        SELECT FROM email_outbox m WHERE m.namespace = c.namespace AND m.source = c.source
        AND m.external_id = c.external_id AND m.state IN ('pending', 'sending'))
ORDER BY c.number`

// MayLeave tells which orders the ledger can do without the object of: what they
// were made of is stored at that version, or a newer one of the same UID, no attempt
// of theirs is open, and no mail of theirs waits. Those left out have to stay.
func (l *Ledger) MayLeave(ctx context.Context, leavers []Leaver) (out []MayLeave, err error) {
	columns := make([][]string, 5)
	for _, o := range leavers {
		for i, v := range []string{o.Identity.Namespace, o.Identity.Source, o.Identity.ExternalID, o.UID, o.ResourceVersion} {
			columns[i] = append(columns[i], v)
		}
	}
	err = l.do(ctx, "may_leave", func(ctx context.Context) error {
		rows, err := l.pool.Query(ctx, sqlMayLeave, columns[0], columns[1], columns[2], columns[3], columns[4])
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m MayLeave, err error) {
			err = row.Scan(&m.Index, &m.Outcome)
			return m, err
		})
		return err
	})
	return out, err
}
