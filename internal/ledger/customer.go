package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// CustomerHistory is what is known of a customer beside one order.
type CustomerHistory struct {
	// OrdersLastHour and OrdersLastDay count the other orders that were reserved or
	// bought.
	OrdersLastHour, OrdersLastDay int64
	// SpentLastDayCents of those orders: settled totals and open maximum prices.
	SpentLastDayCents int64
	// DuplicateOf names another order of the customer, reserved or bought within the
	// window, with the same items, address and total; empty when there is none.
	DuplicateOf string
}

const (
	sqlCustomerOrders = `
SELECT count(DISTINCT (source, external_id)) FILTER (WHERE reserved_at >= $5),
       count(DISTINCT (source, external_id)),
       COALESCE(sum(COALESCE(total_cents, max_price_cents)), 0)::bigint
FROM zma_cost_tracking
WHERE namespace = $1 AND customer_id = $2 AND NOT (source = $3 AND external_id = $4)
  AND state <> 'released' AND reserved_at >= $6`

	// What an earlier version has reserved has no digest, and is compared as the mirror
	// has it.
	sqlDuplicateOf = `
SELECT named.name FROM zma_cost_tracking c
JOIN order_identities named USING (namespace, source, external_id)
WHERE c.namespace = $1 AND c.customer_id = $2 AND NOT (c.source = $3 AND c.external_id = $4)
  AND c.state <> 'released' AND c.reserved_at >= $5
  AND (c.contents_digest = $6 OR (c.contents_digest IS NULL AND EXISTS (
    SELECT FROM orders o
    WHERE o.namespace = c.namespace AND o.source = c.source AND o.external_id = c.external_id
      AND o.total_cents = $7 AND o.currency = $8
      AND lower(o.shipping_address->>'line1') = lower($9) AND o.shipping_address->>'postalCode' = $10
      AND (SELECT jsonb_agg(jsonb_build_array(i.product_id, i.quantity) ORDER BY i.product_id, i.quantity)
           FROM order_items i
           WHERE i.namespace = o.namespace AND i.source = o.source AND i.external_id = o.external_id)
        = (SELECT jsonb_agg(jsonb_build_array(w->>'productID', (w->>'quantity')::int) ORDER BY w->>'productID', (w->>'quantity')::int)
           FROM jsonb_array_elements($11::jsonb) w))))
ORDER BY c.reserved_at, named.name LIMIT 1`
)

// Customer sums up an order's customer. window bounds the look for duplicates; 0
// leaves it out. Nothing is locked: what the answer allows may be wrong a moment
// later, and is asked again by the reservation's Judge.
func (l *Ledger) Customer(ctx context.Context, o *v1alpha1.ZMAOrder, window time.Duration) (CustomerHistory, error) {
	var h CustomerHistory
	err := l.do(ctx, "customer", func(ctx context.Context) error {
		b := &pgx.Batch{}
		if err := queueCustomer(b, o, window, l.now(), &h); err != nil {
			return err
		}
		return l.pool.SendBatch(ctx, b).Close()
	})
	return h, err
}

// queueCustomer reads the history of an order's customer into h.
func queueCustomer(b *pgx.Batch, o *v1alpha1.ZMAOrder, window time.Duration, now time.Time, h *CustomerHistory) error {
	*h = CustomerHistory{}
	id := v1alpha1.IdentityOf(o)
	b.Queue(sqlCustomerOrders, id.Namespace, o.Spec.Customer.ID, id.Source, id.ExternalID, now.Add(-time.Hour), now.Add(-24*time.Hour)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&h.OrdersLastHour, &h.OrdersLastDay, &h.SpentLastDayCents) })
	if window <= 0 {
		return nil
	}
	items, err := json.Marshal(o.Spec.Items)
	if err != nil {
		return fmt.Errorf("encode items: %w", err)
	}
	a := o.Spec.ShippingAddress
	b.Queue(sqlDuplicateOf, id.Namespace, o.Spec.Customer.ID, id.Source, id.ExternalID, madeAt(o, now).Add(-window), contentsDigest(o),
		o.Spec.Total.AmountCents, o.Spec.Total.Currency, a.Line1, a.PostalCode, string(items)).
		QueryRow(func(row pgx.Row) error {
			if err := row.Scan(&h.DuplicateOf); !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			return nil
		})
	return nil
}

// madeAt is when an order was made. A window counts from there: what was bought
// within it stays a duplicate, however long the order has waited since.
func madeAt(o *v1alpha1.ZMAOrder, now time.Time) time.Time {
	if at := o.CreationTimestamp.Time; !at.IsZero() && at.Before(now) {
		return at
	}
	return now
}
