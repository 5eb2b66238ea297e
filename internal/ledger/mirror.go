package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Snapshot is an order as it was seen.
type Snapshot struct {
	// Order as read from the API server.
	Order *v1alpha1.ZMAOrder
	// Deleted says that the object is gone.
	Deleted bool
	// CallbackTokenHash and CallbackExpires of the latest submission; nil keeps
	// what is stored.
	CallbackTokenHash []byte
	CallbackExpires   *time.Time
	// Epoch that the snapshot belongs to at least: what was stored in an earlier one
	// is older, whatever its resource version. The latest of BeginEpoch counts where
	// it is higher; 0 in general.
	Epoch int64
}

// MirrorRowError says which order of a batch could not be stored.
type MirrorRowError struct {
	// Namespace and Name of the order.
	Namespace, Name string
	// Err is why.
	Err error
}

// Error names the order.
func (e *MirrorRowError) Error() string {
	return fmt.Sprintf("mirroring %s/%s: %v", e.Namespace, e.Name, e.Err)
}

// Unwrap gives the reason.
func (e *MirrorRowError) Unwrap() error { return e.Err }

const (
	// Resource versions are compared within one UID only. Another UID is another
	// life of the same order, and the later one wins. A later epoch wins over both.
	// A version that an older program stored without its documents is stored again.
	sqlMirrorOrder = `
WITH mirrored AS (
    INSERT INTO orders AS o (namespace, source, external_id, name, uid, restore_epoch, resource_version, generation,
        status_reason, ready, stalled, request_id, attempt, account, customer_id, customer_email, total_cents, currency,
        max_price_cents, actual_total_cents, callback_token_hash, callback_token_expires_at, shipping_address,
        conditions, history, created_at, updated_at, placed_at, delivered_at, deleted_at,
        retailer, metadata, spec, status, document_version)
    SELECT namespace, source, external_id, name, uid,
        GREATEST(restore_epoch, (SELECT COALESCE(max(epoch), 0) FROM restore_epochs)), resource_version, generation,
        status_reason, ready, stalled, request_id, attempt, account, customer_id, customer_email, total_cents, currency,
        max_price_cents, actual_total_cents, callback_token_hash, callback_token_expires_at, shipping_address,
        conditions, history, created_at, updated_at, placed_at, delivered_at, deleted_at,
        retailer, metadata, spec, status, document_version
    FROM jsonb_populate_record(NULL::orders, $1::jsonb)
    ON CONFLICT (namespace, source, external_id) DO UPDATE SET
        name = EXCLUDED.name, uid = EXCLUDED.uid, restore_epoch = EXCLUDED.restore_epoch,
        resource_version = EXCLUDED.resource_version, generation = EXCLUDED.generation,
        status_reason = EXCLUDED.status_reason, ready = EXCLUDED.ready, stalled = EXCLUDED.stalled,
        request_id = EXCLUDED.request_id, attempt = EXCLUDED.attempt, account = EXCLUDED.account,
        customer_id = EXCLUDED.customer_id, customer_email = EXCLUDED.customer_email,
        total_cents = EXCLUDED.total_cents, currency = EXCLUDED.currency,
        max_price_cents = EXCLUDED.max_price_cents, actual_total_cents = EXCLUDED.actual_total_cents,
        callback_token_hash = COALESCE(EXCLUDED.callback_token_hash, o.callback_token_hash),
        callback_token_expires_at = COALESCE(EXCLUDED.callback_token_expires_at, o.callback_token_expires_at),
        shipping_address = EXCLUDED.shipping_address, conditions = EXCLUDED.conditions, history = EXCLUDED.history,
        created_at = EXCLUDED.created_at, updated_at = EXCLUDED.updated_at,
        placed_at = EXCLUDED.placed_at, delivered_at = EXCLUDED.delivered_at,
        deleted_at = CASE WHEN o.uid = EXCLUDED.uid AND o.restore_epoch = EXCLUDED.restore_epoch
            THEN COALESCE(o.deleted_at, EXCLUDED.deleted_at) ELSE EXCLUDED.deleted_at END,
        retailer = EXCLUDED.retailer, metadata = EXCLUDED.metadata, spec = EXCLUDED.spec, status = EXCLUDED.status,
        document_version = EXCLUDED.document_version, erased_at = NULL
    WHERE (o.erased_at IS NULL OR o.uid <> EXCLUDED.uid) AND (
        EXCLUDED.restore_epoch > o.restore_epoch
        OR (EXCLUDED.restore_epoch = o.restore_epoch AND CASE WHEN o.uid = EXCLUDED.uid
            THEN EXCLUDED.resource_version > o.resource_version
                OR (EXCLUDED.resource_version = o.resource_version AND o.document_version IS DISTINCT FROM o.resource_version)
            ELSE (EXCLUDED.created_at, EXCLUDED.resource_version) > (o.created_at, o.resource_version) END))
    RETURNING namespace, source, external_id
), surplus AS (
    DELETE FROM order_items i USING mirrored m
    WHERE i.namespace = m.namespace AND i.source = m.source AND i.external_id = m.external_id
        AND i.line_number > jsonb_array_length($2::jsonb)
)
INSERT INTO order_items (namespace, source, external_id, line_number, product_id, quantity, unit_price_cents,
    title, category, variants)
SELECT m.namespace, m.source, m.external_id, i.line_number, i.product_id, i.quantity, i.unit_price_cents,
    i.title, i.category, i.variants
FROM mirrored m CROSS JOIN jsonb_populate_recordset(NULL::order_items, $2::jsonb) i
ON CONFLICT (namespace, source, external_id, line_number) DO UPDATE SET
    product_id = EXCLUDED.product_id, quantity = EXCLUDED.quantity, unit_price_cents = EXCLUDED.unit_price_cents,
    title = EXCLUDED.title, category = EXCLUDED.category, variants = EXCLUDED.variants`

	// A deletion is final for its UID, also when it was seen with an old version.
	sqlMirrorDeleted = `
UPDATE orders SET deleted_at = $5, updated_at = $5
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND uid = $4 AND deleted_at IS NULL`
)

// Mirror stores orders and their items in one batch. A row changes only for a
// newer resource version of the same UID, for another UID created later, or in a
// later epoch, so order of arrival does not matter. When the database refuses the batch, the rows
// go one by one, so that one bad order does not hold up the others; the error then
// joins a *MirrorRowError for each that was refused.
func (l *Ledger) Mirror(ctx context.Context, snapshots []Snapshot) error {
	rows, bad := l.mirrorRows(snapshots)
	err := l.mirrorBatch(ctx, rows)
	if errors.Is(err, ErrInvalid) {
		err = l.mirrorEach(ctx, rows)
	}
	return errors.Join(append(bad, err)...)
}

// mirrorRows encodes what can be encoded, in one order for all writers, so that
// two of them can't deadlock.
func (l *Ledger) mirrorRows(snapshots []Snapshot) (rows []mirrorRow, bad []error) {
	for _, s := range snapshots {
		row, err := newMirrorRow(s, l.now())
		if err != nil {
			bad = append(bad, &MirrorRowError{Namespace: s.Order.Namespace, Name: s.Order.Name, Err: err})
			continue
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b mirrorRow) int {
		return cmp.Or(cmp.Compare(a.id.Namespace, b.id.Namespace), cmp.Compare(a.id.Source, b.id.Source),
			cmp.Compare(a.id.ExternalID, b.id.ExternalID))
	})
	return rows, bad
}

func (l *Ledger) mirrorEach(ctx context.Context, rows []mirrorRow) error {
	var errs []error
	for _, row := range rows {
		err := l.mirrorBatch(ctx, []mirrorRow{row})
		if errors.Is(err, ErrUnavailable) {
			return errors.Join(append(errs, err)...)
		}
		if err != nil {
			errs = append(errs, &MirrorRowError{Namespace: row.id.Namespace, Name: row.name, Err: err})
		}
	}
	return errors.Join(errs...)
}

func (l *Ledger) mirrorBatch(ctx context.Context, rows []mirrorRow) error {
	if len(rows) == 0 {
		return nil
	}
	err := l.tx(ctx, "mirror", func(ctx context.Context, tx pgx.Tx) error {
		b := &pgx.Batch{}
		for _, row := range rows {
			b.Queue(sqlMirrorOrder, row.order, row.items)
			if row.deleted {
				b.Queue(sqlMirrorDeleted, row.id.Namespace, row.id.Source, row.id.ExternalID, row.uid, l.now())
			}
		}
		return tx.SendBatch(ctx, b).Close()
	})
	if err == nil && l.metrics != nil {
		l.metrics.MirrorRows.Add(float64(len(rows)))
	}
	return err
}

// encode gives a document in the form that jsonArg allows.
func encode(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: can't be encoded", ErrInvalid)
	}
	return jsonArg(raw)
}
