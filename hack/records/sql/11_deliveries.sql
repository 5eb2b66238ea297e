INSERT INTO webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status, duration_us,
    client_hash, order_name, external_id_hash, webhook_id, body_bytes, security_event)
SELECT at, md5(n || route), namespace, source, route, 'POST', v.outcome, '', status, 2000 + (news * 40000)::bigint,
    md5(customer_id), name, md5(external_id), 'wh-' || n, 1500, CASE WHEN status = 401 THEN 'bad_signature' ELSE '' END
FROM facts CROSS JOIN LATERAL (VALUES
    (created_at, 'store', 'created', 202), (settled_at, 'callback', 'hinted', 204),
    (CASE WHEN luck < 0.1 THEN created_at END, 'store', 'refused', CASE WHEN care < 0.5 THEN 401 ELSE 503 END)) v (at, route, outcome, status)
WHERE at <= now()
ORDER BY at
