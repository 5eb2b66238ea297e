INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, request_id,
    max_price_cents, reserved_at, settled_at, released_at)
SELECT namespace, source, external_id, a, state, substr(md5(external_id || a), 1, 32), 'acct-' || account, 'req-' || n,
    estimated_cents + 500, reserved_at + make_interval(secs => 30 * (a - 1)),
    CASE WHEN state = 'settled' THEN settled_at END, CASE WHEN state = 'released' THEN reserved_at + interval '20 seconds' END
FROM facts CROSS JOIN LATERAL generate_series(1, attempt) a
CROSS JOIN LATERAL (SELECT CASE WHEN a < attempt OR outcome IN ('refused', 'cancelled') THEN 'released'
    WHEN outcome = 'open' THEN 'reserved' ELSE 'settled' END AS state OFFSET 0) s
