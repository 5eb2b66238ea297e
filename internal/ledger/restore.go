package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// StoredOrder is an order as the mirror holds it, with what the books say of it.
type StoredOrder struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Order as last seen; nil when what it was made of is not stored, because it was
	// erased or never mirrored by a version that stores it.
	Order *v1alpha1.ZMAOrder
	// Name of the object.
	Name string
	// Reason of Ready when last seen; empty before the first status.
	Reason string
	// Deleted tells that the object had gone from the cluster.
	Deleted bool
	// Erased tells that its personal data was erased.
	Erased bool
	// Outcome on record; empty while open.
	Outcome Outcome
	// Attempt is the latest one on record, and AttemptState what became of it; 0 and
	// empty when nothing was ever reserved.
	Attempt      int64
	AttemptState AttemptState
}

// Kinds of epochs.
const (
	EpochRestore = "restore"
	EpochRebuild = "rebuild"
)

const (
	sqlBeginEpoch = `INSERT INTO restore_epochs (kind, actor, begun_at) VALUES ($1, $2, $3) RETURNING epoch`

	// Orders that have ended stay where they are: $5 are the reasons of an end. One
	// whose money is still held has not.
	sqlOpenOrders = `
SELECT o.namespace, o.source, o.external_id, o.name, o.status_reason, o.deleted_at IS NOT NULL, o.erased_at IS NOT NULL,
    o.metadata, o.spec, o.status, o.conditions, o.history, o.generation,
    COALESCE(i.outcome, ''), COALESCE(a.attempt, 0), COALESCE(a.state, '')
FROM orders o
LEFT JOIN order_identities i USING (namespace, source, external_id)
LEFT JOIN LATERAL (
    SELECT attempt, state FROM order_attempts a
    WHERE a.namespace = o.namespace AND a.source = o.source AND a.external_id = o.external_id
    ORDER BY a.attempt DESC LIMIT 1
) a ON true
WHERE o.deleted_at IS NULL AND ($1 = '' OR o.namespace = $1)
  AND (o.namespace, o.source, o.external_id) > ($2, $3, $4)
  AND (NOT (o.status_reason = ANY($5)) OR COALESCE(a.state, '') = 'reserved')
ORDER BY o.namespace, o.source, o.external_id
LIMIT $6`

	sqlStoredOrder = `
SELECT o.namespace, o.source, o.external_id, o.name, o.status_reason, o.deleted_at IS NOT NULL, o.erased_at IS NOT NULL,
    o.metadata, o.spec, o.status, o.conditions, o.history, o.generation,
    COALESCE(i.outcome, ''), COALESCE(a.attempt, 0), COALESCE(a.state, '')
FROM orders o
LEFT JOIN order_identities i USING (namespace, source, external_id)
LEFT JOIN LATERAL (
    SELECT attempt, state FROM order_attempts a
    WHERE a.namespace = o.namespace AND a.source = o.source AND a.external_id = o.external_id
    ORDER BY a.attempt DESC LIMIT 1
) a ON true
WHERE o.namespace = $1 AND o.name = $2`
)

// BeginEpoch begins an epoch of the mirror: what is mirrored from now on is newer
// than all that is stored, whatever its resource version. To be called once the
// orders of the old cluster are seen no more.
func (l *Ledger) BeginEpoch(ctx context.Context, kind, actor string) (epoch int64, err error) {
	if actor == "" {
		actor = "unknown"
	}
	err = l.tx(ctx, "begin_epoch", func(ctx context.Context, tx pgx.Tx) error {
		now := l.now()
		if err := tx.QueryRow(ctx, sqlBeginEpoch, kind, clip(actor, 256), now).Scan(&epoch); err != nil {
			return err
		}
		b := &pgx.Batch{}
		if err := queueAudit(b, epochAudit(kind, actor, epoch), now); err != nil {
			return err
		}
		return tx.SendBatch(ctx, b).Close()
	})
	return epoch, err
}

// OpenOrders lists, by identity, orders that had neither ended nor gone when last
// seen, of one namespace or of all when it is empty. after is the last identity of
// the page before.
func (l *Ledger) OpenOrders(ctx context.Context, namespace string, after v1alpha1.Identity, limit int) ([]StoredOrder, error) {
	return l.storedOrders(ctx, sqlOpenOrders, namespace, after.Namespace, after.Source, after.ExternalID, endedReasons(), limit)
}

// StoredOrder finds an order by its name, ended and deleted ones included. Returns
// an error that wraps ErrNotFound when the mirror never saw it.
func (l *Ledger) StoredOrder(ctx context.Context, namespace, name string) (StoredOrder, error) {
	found, err := l.storedOrders(ctx, sqlStoredOrder, namespace, name)
	if err != nil {
		return StoredOrder{}, err
	}
	if len(found) == 0 {
		return StoredOrder{}, fmt.Errorf("%w: no order %s/%s was mirrored", ErrNotFound, namespace, name)
	}
	return found[0], nil
}

// endedReasons are those after which nothing is to be done for an order. One that
// was cancelled after it was placed is followed until its money is back.
func endedReasons() []string {
	return []string{
		v1alpha1.ReasonDelivered, v1alpha1.ReasonCancelled, v1alpha1.ReasonDenied, v1alpha1.ReasonInvalid,
		v1alpha1.ReasonRejected, v1alpha1.ReasonAbandoned, v1alpha1.ReasonNameMismatch,
	}
}

func (l *Ledger) storedOrders(ctx context.Context, sql string, args ...any) (out []StoredOrder, err error) {
	err = l.do(ctx, "stored_orders", func(ctx context.Context) error {
		rows, err := l.pool.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanStoredOrder)
		return err
	})
	return out, err
}

// storedDocuments are the columns that an object is made of.
type storedDocuments struct {
	metadata, spec, status, conditions, history []byte
	generation                                  int64
}

func scanStoredOrder(row pgx.CollectableRow) (StoredOrder, error) {
	var s StoredOrder
	var d storedDocuments
	id := &s.Identity
	err := row.Scan(&id.Namespace, &id.Source, &id.ExternalID, &s.Name, &s.Reason, &s.Deleted, &s.Erased,
		&d.metadata, &d.spec, &d.status, &d.conditions, &d.history, &d.generation, &s.Outcome, &s.Attempt, &s.AttemptState)
	if err != nil || d.spec == nil || d.metadata == nil || d.status == nil {
		return s, err
	}
	s.Order, err = d.order(id.Namespace, s.Name)
	return s, err
}

func (d storedDocuments) order(namespace, name string) (*v1alpha1.ZMAOrder, error) {
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Generation: d.generation}}
	var m storedMetadata
	err := errors.Join(json.Unmarshal(d.metadata, &m), json.Unmarshal(d.spec, &o.Spec), json.Unmarshal(d.status, &o.Status),
		json.Unmarshal(d.conditions, &o.Status.Conditions), json.Unmarshal(d.history, &o.Status.History))
	if err != nil {
		return nil, fmt.Errorf("%w: the stored order %s/%s can't be read", ErrInvalid, namespace, name)
	}
	o.Labels, o.Annotations, o.Finalizers, o.DeletionTimestamp = m.Labels, m.Annotations, m.Finalizers, m.DeletionTimestamp
	return o, nil
}
