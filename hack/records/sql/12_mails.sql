INSERT INTO email_outbox (namespace, source, external_id, kind, transition, policy, recipient, data, message_id, state, attempts,
    created_at, next_attempt_at, sent_at)
SELECT namespace, source, external_id, kind, '', 'default', customer_id || '@example.com', '{}', kind || n, state,
    1 + (care < 0.05)::integer, at, at, CASE WHEN state = 'sent' THEN at + make_interval(secs => 1 + 20 * news) END
FROM facts CROSS JOIN LATERAL (VALUES ('Confirmation', settled_at), ('Delivered', delivered_at)) v (kind, at)
CROSS JOIN LATERAL (SELECT CASE WHEN spare < 0.01 THEN 'dead' WHEN at > now() - interval '2 minutes' THEN 'pending' ELSE 'sent' END AS state OFFSET 0) s
WHERE outcome = 'bought' AND at <= now()
ORDER BY at
