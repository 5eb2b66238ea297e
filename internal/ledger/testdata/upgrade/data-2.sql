INSERT INTO orders (namespace, source, external_id, name, uid, resource_version, generation, status_reason, ready, stalled, request_id, attempt,
    account, customer_id, customer_email, total_cents, currency, conditions, history, created_at, updated_at) VALUES
    ('shop', 'store', 'bought', 'zo-1', 'uid-1', 7, 1, 'Succeeded', true, false, 'req-1', 1, 'main', 'customer-1', 'buyer@example.com', 900, 'USD', '[]', '[]',
    '2026-03-14 10:00:00+00', '2026-03-14 10:05:00+00');
INSERT INTO order_items (namespace, source, external_id, line_number, product_id, quantity, unit_price_cents, title, category, variants) VALUES
    ('shop', 'store', 'bought', 1, 'B000000001', 1, 900, 'A thing', 'things', '[]');
INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us) VALUES
    ('shop', 'store', 'between', 1, 'retry', 'Rejected', 'released', 'controller', '2026-03-14 10:05:00+00', 1000);
INSERT INTO webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status, duration_us, client_hash, order_name,
    external_id_hash, webhook_id, body_bytes) VALUES
    ('2026-03-14 10:00:00+00', 'r-1', 'shop', 'store', '/hooks/store', 'POST', 'created', '', 202, 1000, 'hash', 'zo-1', 'hash', 'wh-1', 100);
