INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us, request)
SELECT namespace, source, external_id, attempt, verb, 'submission without a known outcome', 'found', actor,
    reserved_at + interval '20 seconds', 1000 + (luck * 500000)::bigint, CASE WHEN verb = 'resolve' THEN '' ELSE verb || '@' || n END
FROM facts CROSS JOIN LATERAL (SELECT CASE WHEN luck < 0.1 THEN 'resolve' WHEN luck < 0.12 THEN 'retry' ELSE 'approve' END AS verb,
    CASE WHEN luck < 0.1 THEN 'controller' ELSE 'someone' END AS actor OFFSET 0) v
WHERE luck < 0.15
