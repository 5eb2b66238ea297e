INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us, request) VALUES
    ('shop', 'store', 'open', 1, 'now', 'asked for', 'done', 'somebody', '2026-03-14 10:06:00+00', 1000, 'now@1');
