-- The triggers were off: their sums are made at once.
INSERT INTO spend_periods (namespace, account, starts_at, reserved_cents, settled_cents)
SELECT namespace, account, date_bin('15 minutes', reserved_at, '2000-01-01 00:00:00+00'),
    COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0),
    COALESCE(sum(GREATEST(0, total_cents - refunded_cents)) FILTER (WHERE state = 'settled'), 0)
FROM zma_cost_tracking GROUP BY 1, 2, 3
