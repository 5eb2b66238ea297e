INSERT INTO order_refunds (namespace, source, external_id, attempt, reference, cents, booked_at) VALUES
    ('shop', 'store', 'bought', 1, 'refund-1', 50, '2026-03-14 11:00:00+00');
UPDATE zma_cost_tracking SET refunded_cents = 50, refunded_at = '2026-03-14 11:00:00+00' WHERE external_id = 'bought';
