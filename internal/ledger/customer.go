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
	// DuplicateOf names another order of the customer, within the window, with the
	// same items, address and total; empty when there is none. It is looked for
	// among the mirrored orders.
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

	sqlDuplicateOf = `
SELECT o.name FROM orders o
WHERE o.namespace = $1 AND o.customer_id = $2 AND NOT (o.source = $3 AND o.external_id = $4)
  AND o.created_at >= $5 AND o.total_cents = $6 AND o.currency = $7
  AND o.status_reason NOT IN ('Invalid', 'Denied', 'Rejected', 'Cancelled')
  AND lower(o.shipping_address->>'line1') = lower($8) AND o.shipping_address->>'postalCode' = $9
  AND (SELECT jsonb_agg(jsonb_build_array(i.product_id, i.quantity) ORDER BY i.product_id, i.quantity)
       FROM order_items i
       WHERE i.namespace = o.namespace AND i.source = o.source AND i.external_id = o.external_id)
    = (SELECT jsonb_agg(jsonb_build_array(w->>'productID', (w->>'quantity')::int) ORDER BY w->>'productID', (w->>'quantity')::int)
       FROM jsonb_array_elements($10::jsonb) w)
ORDER BY o.created_at LIMIT 1`
)

// Customer sums up an order's customer. window bounds the look for duplicates; 0
// leaves it out.
func (l *Ledger) Customer(ctx context.Context, o *v1alpha1.ZMAOrder, window time.Duration) (CustomerHistory, error) {
	var h CustomerHistory
	id, now := v1alpha1.IdentityOf(o), l.now()
	err := l.do(ctx, "customer", func(ctx context.Context) error {
		return l.pool.QueryRow(ctx, sqlCustomerOrders, id.Namespace, o.Spec.Customer.ID, id.Source, id.ExternalID,
			now.Add(-time.Hour), now.Add(-24*time.Hour)).Scan(&h.OrdersLastHour, &h.OrdersLastDay, &h.SpentLastDayCents)
	})
	if err != nil || window <= 0 {
		return h, err
	}
	h.DuplicateOf, err = l.duplicateOf(ctx, o, id, now.Add(-window))
	return h, err
}

func (l *Ledger) duplicateOf(ctx context.Context, o *v1alpha1.ZMAOrder, id v1alpha1.Identity, since time.Time) (name string, err error) {
	items, err := json.Marshal(o.Spec.Items)
	if err != nil {
		return "", fmt.Errorf("encode items: %w", err)
	}
	a := o.Spec.ShippingAddress
	err = l.do(ctx, "duplicate_of", func(ctx context.Context) error {
		err := l.pool.QueryRow(ctx, sqlDuplicateOf, id.Namespace, o.Spec.Customer.ID, id.Source, id.ExternalID, since,
			o.Spec.Total.AmountCents, o.Spec.Total.Currency, a.Line1, a.PostalCode, string(items)).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return name, err
}
