package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// customerKept is how long a customer's number stays with what was reserved for
// them: limits and velocity rules of the day count by it, and no day that began
// longer ago is still going on in any time zone.
const customerKept = 48 * time.Hour

// Erasure is what was erased.
type Erasure struct {
	// Orders, Items, Mails, Records and Costs count the rows that changed, by table.
	Orders, Items, Mails, Records, Costs int64
	// CostsKept are costs of the last 48 hours that keep the customer's number for
	// the limits of the day; EraseKept empties them later.
	CostsKept int64
}

// Rows that changed, in all tables.
func (e Erasure) Rows() int64 { return e.Orders + e.Items + e.Mails + e.Records + e.Costs }

// ErrNotErasable means that orders of the customer are not at their end. Nothing was
// erased.
type ErrNotErasable struct {
	// Orders that stand in the way, by name, each with why.
	Orders []Obstacle
}

// Obstacle is an order that can't be erased yet.
type Obstacle struct {
	// Name of the object.
	Name string
	// Why it can't be erased.
	Why string
}

// Error names the orders.
func (e *ErrNotErasable) Error() string {
	parts := make([]string, 0, len(e.Orders))
	for _, o := range e.Orders {
		parts = append(parts, o.Name+" "+o.Why)
	}
	return "ledger: nothing was erased: " + strings.Join(parts, ", ")
}

const (
	// The mirror waits for these rows, so that no new life of an order slips in
	// between question and erasure.
	sqlLockCustomerOrders = `
SELECT FROM orders WHERE namespace = $1 AND customer_id = $2
ORDER BY namespace, source, external_id FOR UPDATE`

	// An order that the mirror does not know is found by its costs.
	sqlCustomersOrders = `
WITH theirs AS (
    SELECT source, external_id FROM orders WHERE namespace = $1 AND customer_id = $2
    UNION
    SELECT source, external_id FROM zma_cost_tracking WHERE namespace = $1 AND customer_id = $2
)
SELECT t.source, t.external_id, COALESCE(o.name, i.name, ''), CASE
    WHEN o.name IS NOT NULL AND o.deleted_at IS NULL THEN 'is in the cluster'
    WHEN o.name IS NULL AND i.outcome IS NULL THEN 'is open'
    WHEN EXISTS (SELECT FROM order_attempts a WHERE a.namespace = $1 AND a.source = t.source
        AND a.external_id = t.external_id AND a.state = 'reserved') THEN 'is open'
    WHEN EXISTS (SELECT FROM email_outbox m WHERE m.namespace = $1 AND m.source = t.source
        AND m.external_id = t.external_id AND m.state IN ('pending', 'sending')) THEN 'has a mail to send'
    ELSE '' END
FROM theirs t
LEFT JOIN orders o ON o.namespace = $1 AND o.source = t.source AND o.external_id = t.external_id
LEFT JOIN order_identities i ON i.namespace = $1 AND i.source = t.source AND i.external_id = t.external_id
ORDER BY t.source, t.external_id`
)

// EraseCustomer erases the personal data of a customer of a namespace, by the
// sender's number for them, in one transaction with its audit rows. Amounts,
// identities and outcomes stay: the accounts balance, and nothing is bought again.
// It returns *ErrNotErasable, and erases nothing, while an order of theirs is in the
// cluster, open, or has a mail to send. A repeat finds nothing left.
func (l *Ledger) EraseCustomer(ctx context.Context, namespace, customerID, actor string) (Erasure, error) {
	if namespace == "" || customerID == "" {
		return Erasure{}, fmt.Errorf("%w: no customer is named", ErrInvalid)
	}
	var out Erasure
	err := l.tx(ctx, "erase_customer", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockCustomerOrders, namespace, customerID); err != nil {
			return err
		}
		orders, err := customersOrders(ctx, tx, namespace, customerID)
		if err != nil {
			return err
		}
		if out, err = l.eraseOrders(ctx, tx, orders); err != nil {
			return err
		}
		return l.auditErasure(ctx, tx, orders, actor, out.audit(namespace, actor))
	})
	if err != nil {
		return Erasure{}, err
	}
	return out, nil
}

// erased is an order to erase.
type erased struct {
	id   v1alpha1.Identity
	name string
}

func customersOrders(ctx context.Context, tx pgx.Tx, namespace, customerID string) (orders []erased, err error) {
	rows, err := tx.Query(ctx, sqlCustomersOrders, namespace, customerID)
	if err != nil {
		return nil, err
	}
	var refused ErrNotErasable
	o, why := erased{id: v1alpha1.Identity{Namespace: namespace}}, ""
	_, err = pgx.ForEachRow(rows, []any{&o.id.Source, &o.id.ExternalID, &o.name, &why}, func() error {
		if why != "" {
			refused.Orders = append(refused.Orders, Obstacle{Name: o.name, Why: why})
		}
		orders = append(orders, o)
		return nil
	})
	if err == nil && len(refused.Orders) > 0 {
		err = &refused
	}
	return orders, err
}

// auditErasure writes a row for each order, which names no person, and those given.
func (l *Ledger) auditErasure(ctx context.Context, tx pgx.Tx, orders []erased, actor string, more ...AuditEntry) error {
	b := &pgx.Batch{}
	for _, o := range orders {
		more = append(more, AuditEntry{Actor: actor, Action: ActionEraseOrder, Namespace: o.id.Namespace, Object: o.name,
			InputsDigest: InputsDigest(ActionEraseOrder, o.id.Namespace, o.id.Source, o.id.ExternalID)})
	}
	for _, e := range more {
		if err := queueAudit(b, e, l.now()); err != nil {
			return err
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, b).Close()
}

// audit says how much was erased on request, not of whom.
func (e Erasure) audit(namespace, actor string) AuditEntry {
	return AuditEntry{Actor: actor, Action: ActionEraseCustomer, Namespace: namespace,
		InputsDigest: InputsDigest(ActionEraseCustomer, namespace, cents(e.Orders), cents(e.Mails), cents(e.Costs), cents(e.CostsKept)), Detail: map[string]string{
			"orders": strconv.FormatInt(e.Orders, 10), "mails": strconv.FormatInt(e.Mails, 10),
			"costs": strconv.FormatInt(e.Costs, 10), "costsKept": strconv.FormatInt(e.CostsKept, 10),
		}}
}
