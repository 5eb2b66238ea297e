INSERT INTO order_refunds (namespace, source, external_id, attempt, reference, cents, booked_at)
SELECT namespace, source, external_id, attempt, 'refund-1', refunded_cents, refunded_at FROM zma_cost_tracking WHERE refunded_cents > 0
