package ledger

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// What is erased, table by table. The orders are $1 to $3: namespaces, sources and
// external IDs. Money, identities and outcomes are not touched.
const (
	sqlLockIdentities = `
SELECT FROM order_identities i
JOIN unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id) USING (namespace, source, external_id)
ORDER BY i.namespace, i.source, i.external_id
FOR UPDATE OF i`

	// Messages of conditions may quote what an order was refused for.
	sqlEraseOrders = `
UPDATE orders o SET customer_id = '', customer_email = '', shipping_address = NULL,
    metadata = NULL, spec = NULL, status = NULL, document_version = NULL, erased_at = $4,
    conditions = (SELECT COALESCE(jsonb_agg(c.condition || '{"message": ""}' ORDER BY c.number), '[]')
        FROM jsonb_array_elements(o.conditions) WITH ORDINALITY c (condition, number))
FROM unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id)
WHERE o.namespace = e.namespace AND o.source = e.source AND o.external_id = e.external_id
    AND o.erased_at IS NULL AND o.deleted_at IS NOT NULL`

	// Titles and variants are free text of the sender, an engraving for one.
	sqlEraseItems = `
UPDATE order_items o SET title = '', variants = '[]'
FROM unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id)
WHERE o.namespace = e.namespace AND o.source = e.source AND o.external_id = e.external_id
    AND (o.title <> '' OR o.variants <> '[]')`

	sqlEraseMails = `
UPDATE email_outbox o SET recipient = '', data = NULL
FROM unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id)
WHERE o.namespace = e.namespace AND o.source = e.source AND o.external_id = e.external_id
    AND o.state IN ('sent', 'dead') AND (o.recipient <> '' OR o.data IS NOT NULL)`

	// What a recreated order needs to be known as ended stays; parcels lead to a door.
	sqlEraseRecords = `
UPDATE order_identities o SET record = kept.record
FROM unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id),
LATERAL (SELECT i.namespace, i.source, i.external_id, jsonb_strip_nulls(jsonb_build_object(
        'reason', i.record -> 'reason', 'attempt', i.record -> 'attempt', 'requestID', i.record -> 'requestID',
        'errorCode', i.record -> 'errorCode', 'cost', i.record -> 'cost', 'placement', (i.record -> 'placement') - 'tracking')) AS record
    FROM order_identities i
    WHERE i.namespace = e.namespace AND i.source = e.source AND i.external_id = e.external_id AND i.record IS NOT NULL) kept
WHERE o.namespace = kept.namespace AND o.source = kept.source AND o.external_id = kept.external_id
    AND o.record <> kept.record`

	// The digest goes with the number: an address could be guessed from both.
	sqlEraseCosts = `
UPDATE zma_cost_tracking o SET customer_id = '', contents_digest = NULL
FROM unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id)
WHERE o.namespace = e.namespace AND o.source = e.source AND o.external_id = e.external_id
    AND o.customer_id <> '' AND o.reserved_at < $4`

	sqlCostsKept = `
SELECT count(*) FROM zma_cost_tracking o
JOIN unnest($1::text[], $2::text[], $3::text[]) e (namespace, source, external_id) USING (namespace, source, external_id)
WHERE o.customer_id <> ''`
)

// eraseOrders erases the personal data of orders that have ended. Rows are locked in
// the order of the ledger: identities, then attempts and costs.
func (l *Ledger) eraseOrders(ctx context.Context, tx pgx.Tx, orders []erased) (out Erasure, err error) {
	if len(orders) == 0 {
		return out, nil
	}
	namespaces, sources, externalIDs := identityColumns(orders)
	now := l.now()
	b := &pgx.Batch{}
	b.Queue(sqlLockIdentities, namespaces, sources, externalIDs)
	for _, s := range []struct {
		sql     string
		changed *int64
		more    []any
	}{
		{sqlEraseCosts, &out.Costs, []any{now.Add(-customerKept)}},
		{sqlEraseRecords, &out.Records, nil},
		{sqlEraseMails, &out.Mails, nil},
		{sqlEraseItems, &out.Items, nil},
		{sqlEraseOrders, &out.Orders, []any{now}},
	} {
		b.Queue(s.sql, append([]any{namespaces, sources, externalIDs}, s.more...)...).Exec(changes(s.changed))
	}
	b.Queue(sqlCostsKept, namespaces, sources, externalIDs).QueryRow(func(row pgx.Row) error { return row.Scan(&out.CostsKept) })
	err = tx.SendBatch(ctx, b).Close()
	return out, err
}

// identityColumns sorts, so that two erasures can't wait for each other in a circle.
func identityColumns(orders []erased) (namespaces, sources, externalIDs []string) {
	sorted := slices.SortedFunc(slices.Values(orders), func(a, b erased) int {
		return cmp.Or(cmp.Compare(a.id.Namespace, b.id.Namespace), cmp.Compare(a.id.Source, b.id.Source), cmp.Compare(a.id.ExternalID, b.id.ExternalID))
	})
	for _, o := range sorted {
		namespaces, sources, externalIDs = append(namespaces, o.id.Namespace), append(sources, o.id.Source), append(externalIDs, o.id.ExternalID)
	}
	return namespaces, sources, externalIDs
}
