INSERT INTO webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status, duration_us, client_hash, order_name,
    external_id_hash, webhook_id, body_bytes, security_event) VALUES
    ('2026-03-14 10:00:00+00', 'r-2', 'shop', 'store', '/hooks/store', 'POST', 'refused', '', 401, 1000, 'hash', '', 'hash', 'wh-2', 100, 'bad_signature');
