INSERT INTO zma_cost_tracking (namespace, source, external_id, attempt, account, customer_id, currency, retailer, state,
    estimated_cents, max_price_cents, subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, variance_cents,
    refunded_cents, refunded_at, reserved_at, settled_at, released_at)
SELECT f.namespace, f.source, f.external_id, a.attempt, f.account, f.customer_id, f.currency, f.retailer, a.state,
    f.estimated_cents, a.max_price_cents, t.cents - 150, 100 + 0 * t.cents, 50 + 0 * t.cents, 0 * t.cents, t.cents, t.cents - f.estimated_cents,
    CASE WHEN f.care < 0.02 THEN COALESCE(t.cents, 0) ELSE 0 END, CASE WHEN f.care < 0.02 AND t.cents > 0 THEN f.delivered_at END,
    a.reserved_at, a.settled_at, a.released_at
FROM order_attempts a JOIN facts f USING (namespace, source, external_id)
CROSS JOIN LATERAL (SELECT CASE WHEN a.state = 'settled' THEN f.total_cents END AS cents OFFSET 0) t
ORDER BY a.reserved_at
