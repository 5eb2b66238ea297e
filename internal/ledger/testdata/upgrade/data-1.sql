-- A bought order, an open one, one that was refused, and one between attempts.
INSERT INTO spend_accounts VALUES ('shop', 'main', '2026-03-14 10:00:00+00');
INSERT INTO order_identities (namespace, source, external_id, name, uid, outcome, outcome_reason, record, created_at, closed_at) VALUES
    ('shop', 'store', 'bought', 'zo-1', 'uid-1', 'bought', '', '{"requestID": "req-1"}', '2026-03-14 10:00:00+00', '2026-03-14 10:05:00+00'),
    ('shop', 'store', 'open', 'zo-2', 'uid-2', NULL, '', NULL, '2026-03-14 10:00:00+00', NULL),
    ('shop', 'store', 'refused', 'zo-3', 'uid-3', 'refused', 'Rejected', '{}', '2026-03-14 10:00:00+00', '2026-03-14 10:05:00+00'),
    ('shop', 'store', 'between', 'zo-4', 'uid-4', NULL, '', NULL, '2026-03-14 10:00:00+00', NULL);
INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, request_id, error_code, max_price_cents, reserved_at, settled_at, released_at) VALUES
    ('shop', 'store', 'bought', 1, 'settled', 'key-bought', 'acct-1', 'req-1', '', 1000, '2026-03-14 10:00:00+00', '2026-03-14 10:05:00+00', NULL),
    ('shop', 'store', 'open', 1, 'reserved', 'key-open', 'acct-1', '', '', 1000, '2026-03-14 10:00:00+00', NULL, NULL),
    ('shop', 'store', 'refused', 1, 'released', 'key-refused', 'acct-1', '', 'product_unavailable', 1000, '2026-03-14 10:00:00+00', NULL, '2026-03-14 10:05:00+00'),
    ('shop', 'store', 'between', 1, 'released', 'key-between', 'acct-1', '', 'product_unavailable', 1000, '2026-03-14 10:00:00+00', NULL, '2026-03-14 10:05:00+00');
INSERT INTO zma_cost_tracking (namespace, source, external_id, attempt, account, customer_id, currency, state, estimated_cents, max_price_cents,
    subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, variance_cents, reserved_at, settled_at, released_at) VALUES
    ('shop', 'store', 'bought', 1, 'main', 'customer-1', 'USD', 'settled', 800, 1000, 700, 100, 60, -10, 850, 50, '2026-03-14 10:00:00+00', '2026-03-14 10:05:00+00', NULL),
    ('shop', 'store', 'open', 1, 'main', 'customer-1', 'USD', 'reserved', 800, 1000, NULL, NULL, NULL, NULL, NULL, NULL, '2026-03-14 10:00:00+00', NULL, NULL),
    ('shop', 'store', 'refused', 1, 'main', 'customer-1', 'USD', 'released', 800, 1000, NULL, NULL, NULL, NULL, NULL, NULL, '2026-03-14 10:00:00+00', NULL, '2026-03-14 10:05:00+00'),
    ('shop', 'store', 'between', 1, 'main', 'customer-1', 'USD', 'released', 800, 1000, NULL, NULL, NULL, NULL, NULL, NULL, '2026-03-14 10:00:00+00', NULL, '2026-03-14 10:05:00+00');
