-- name: sqlAccountSpend
SELECT
    COALESCE(sum(reserved_cents), 0)::bigint,
    COALESCE(sum(reserved_cents + settled_cents) FILTER (WHERE starts_at >= $3), 0)::bigint,
    COALESCE(sum(reserved_cents + settled_cents) FILTER (WHERE starts_at >= $4), 0)::bigint
FROM spend_periods
WHERE namespace = $1 AND account = $2 AND starts_at >= LEAST($4, (
    SELECT date_bin('15 minutes', min(reserved_at), '2000-01-01 00:00:00+00') FROM zma_cost_tracking
    WHERE namespace = $1 AND account = $2 AND state = 'reserved'))

-- name: sqlBookRefunds
UPDATE zma_cost_tracking SET refunded_cents = $5, refunded_at = $6
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4

-- name: sqlClaimMails
WITH due AS (
    SELECT id, state, next_attempt_at FROM email_outbox
    WHERE (state = 'pending' AND next_attempt_at <= $1) OR (state = 'sending' AND claimed_until <= $1)
    ORDER BY next_attempt_at, id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE email_outbox m
SET state = 'sending', claimed_until = $3, attempts = m.attempts + 1, unsure = m.unsure OR due.state = 'sending'
FROM due WHERE m.id = due.id
RETURNING m.id, m.namespace, m.source, m.external_id, m.kind, m.transition, m.policy, m.recipient, m.data,
    m.message_id, m.attempts, m.unsure, m.next_attempt_at

-- name: sqlClaimPayment
INSERT INTO order_payments (provider, reference, namespace, source, external_id, claimed_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (provider, reference) DO NOTHING

-- name: sqlCloseIdentity
UPDATE order_identities SET outcome = $4, outcome_reason = $5, record = $6, closed_at = $7
WHERE namespace = $1 AND source = $2 AND external_id = $3

-- name: sqlCostSummary
SELECT currency,
    count(DISTINCT (source, external_id)),
    count(DISTINCT (source, external_id)) FILTER (WHERE state = 'reserved'),
    COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0)::bigint,
    COALESCE(sum(estimated_cents) FILTER (WHERE state = 'settled'), 0)::bigint,
    COALESCE(sum(subtotal_cents), 0)::bigint,
    COALESCE(sum(shipping_cents), 0)::bigint,
    COALESCE(sum(tax_cents), 0)::bigint,
    COALESCE(sum(adjustment_cents), 0)::bigint,
    COALESCE(sum(total_cents), 0)::bigint,
    COALESCE(sum(variance_cents), 0)::bigint,
    COALESCE(sum(refunded_cents), 0)::bigint
FROM zma_cost_tracking
WHERE namespace = $1 AND state <> 'released'
GROUP BY currency ORDER BY currency

-- name: sqlCustomerOrders
SELECT count(DISTINCT (source, external_id)) FILTER (WHERE reserved_at >= $5),
       count(DISTINCT (source, external_id)),
       COALESCE(sum(COALESCE(total_cents, max_price_cents)), 0)::bigint
FROM zma_cost_tracking
WHERE namespace = $1 AND customer_id = $2 AND NOT (source = $3 AND external_id = $4)
  AND state <> 'released' AND reserved_at >= $6

-- name: sqlDuplicateOf
SELECT o.name FROM orders o
WHERE o.namespace = $1 AND o.customer_id = $2 AND NOT (o.source = $3 AND o.external_id = $4)
  AND o.created_at >= $5 AND o.total_cents = $6 AND o.currency = $7
  AND o.status_reason NOT IN ('Invalid', 'Denied', 'Rejected', 'Cancelled')
  AND lower(o.shipping_address->>'line1') = lower($8) AND o.shipping_address->>'postalCode' = $9
  AND (SELECT jsonb_agg(jsonb_build_array(i.product_id, i.quantity) ORDER BY i.product_id, i.quantity)
       FROM order_items i
       WHERE i.namespace = o.namespace AND i.source = o.source AND i.external_id = o.external_id)
    = (SELECT jsonb_agg(jsonb_build_array(w->>'productID', (w->>'quantity')::int) ORDER BY w->>'productID', (w->>'quantity')::int)
       FROM jsonb_array_elements($10::jsonb) w)
ORDER BY o.created_at LIMIT 1

-- name: sqlForgetRates
DELETE FROM rate_limits WHERE key IN (
    SELECT key FROM rate_limits WHERE full_at < now() - interval '5 minutes' ORDER BY key LIMIT 10000 FOR UPDATE SKIP LOCKED)

-- name: sqlHistory
SELECT COALESCE(i.outcome, ''), i.outcome_reason, i.record,
       COALESCE(a.attempt, 0), COALESCE(a.state, ''), COALESCE(a.idempotency_key, ''),
       COALESCE(a.provider_account_id, ''), COALESCE(a.request_id, ''), COALESCE(a.error_code, ''),
       COALESCE(a.max_price_cents, 0), a.reserved_at
FROM order_identities i
LEFT JOIN LATERAL (
    SELECT * FROM order_attempts a
    WHERE a.namespace = i.namespace AND a.source = i.source AND a.external_id = i.external_id
    ORDER BY a.attempt DESC LIMIT 1
) a ON true
WHERE i.namespace = $1 AND i.source = $2 AND i.external_id = $3

-- name: sqlInsertAccount
INSERT INTO spend_accounts (namespace, account, created_at) VALUES ($1, $2, $3)
ON CONFLICT (namespace, account) DO NOTHING

-- name: sqlInsertAttempt
INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key,
    provider_account_id, max_price_cents, unreserved, reserved_at)
VALUES ($1, $2, $3, $4, 'reserved', $5, $6, $7, $8, $9)

-- name: sqlInsertAudit
INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)

-- name: sqlInsertCost
INSERT INTO zma_cost_tracking (namespace, source, external_id, attempt, state, account, customer_id,
    currency, estimated_cents, max_price_cents, unreserved, reserved_at)
VALUES ($1, $2, $3, $4, 'reserved', $5, $6, $7, $8, $9, $10, $11)

-- name: sqlInsertDelivery
INSERT INTO webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status,
    duration_us, client_hash, order_name, external_id_hash, webhook_id, body_bytes, security_event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

-- name: sqlInsertIdentity
INSERT INTO order_identities (namespace, source, external_id, name, uid, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (namespace, source, external_id) DO NOTHING

-- name: sqlInsertMail
INSERT INTO email_outbox (namespace, source, external_id, kind, transition, policy, recipient, data,
    message_id, state, created_at, next_attempt_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, 'pending', $10, $10)
ON CONFLICT (namespace, source, external_id, kind, transition) DO NOTHING

-- name: sqlInsertRecovery
INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: sqlInsertRefund
INSERT INTO order_refunds (namespace, source, external_id, attempt, reference, cents, booked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (namespace, source, external_id, attempt, reference) DO NOTHING

-- name: sqlInsertRequest
INSERT INTO order_recovery_logs (namespace, source, external_id, attempt, verb, reason, result, actor, started_at, duration_us, request)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (namespace, source, external_id, request, started_at) WHERE request <> '' DO NOTHING

-- name: sqlLockAccount
SELECT true FROM spend_accounts WHERE namespace = $1 AND account = $2 FOR UPDATE

-- name: sqlLockAttempt
SELECT a.state, COALESCE(c.total_cents, 0), c.estimated_cents
FROM order_attempts a
JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)
WHERE a.namespace = $1 AND a.source = $2 AND a.external_id = $3 AND a.attempt = $4
FOR UPDATE

-- name: sqlLockIdentity
SELECT FROM order_identities
WHERE namespace = $1 AND source = $2 AND external_id = $3
FOR UPDATE

-- name: sqlMailFailed
UPDATE email_outbox SET state = CASE WHEN $4::boolean THEN 'dead' ELSE 'pending' END,
    last_category = $2, next_attempt_at = $3, claimed_until = NULL
WHERE id = $1 AND state IN ('sending', 'pending')

-- name: sqlMailKnown
SELECT true FROM email_outbox WHERE id = $1

-- name: sqlMailPostponed
UPDATE email_outbox SET state = 'pending', next_attempt_at = $2, claimed_until = NULL,
    attempts = greatest(attempts - 1, 0)
WHERE id = $1 AND state IN ('sending', 'pending')

-- name: sqlMailSent
UPDATE email_outbox SET state = 'sent', sent_at = COALESCE(sent_at, $2), claimed_until = NULL, last_category = ''
WHERE id = $1

-- name: sqlMailStates
SELECT DISTINCT ON (kind) kind, state FROM email_outbox
WHERE namespace = $1 AND source = $2 AND external_id = $3
ORDER BY kind, array_position(ARRAY['dead', 'sending', 'pending', 'sent'], state::text)

-- name: sqlMirrorDeleted
UPDATE orders SET deleted_at = $5, updated_at = $5
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND uid = $4 AND deleted_at IS NULL

-- name: sqlMirrorOrder
WITH mirrored AS (
    INSERT INTO orders AS o (namespace, source, external_id, name, uid, restore_epoch, resource_version, generation,
        status_reason, ready, stalled, request_id, attempt, account, customer_id, customer_email, total_cents, currency,
        max_price_cents, actual_total_cents, callback_token_hash, callback_token_expires_at, shipping_address,
        conditions, history, created_at, updated_at, placed_at, delivered_at, deleted_at)
    SELECT namespace, source, external_id, name, uid, restore_epoch, resource_version, generation,
        status_reason, ready, stalled, request_id, attempt, account, customer_id, customer_email, total_cents, currency,
        max_price_cents, actual_total_cents, callback_token_hash, callback_token_expires_at, shipping_address,
        conditions, history, created_at, updated_at, placed_at, delivered_at, deleted_at
    FROM jsonb_populate_record(NULL::orders, $1::jsonb)
    ON CONFLICT (namespace, source, external_id) DO UPDATE SET
        name = EXCLUDED.name, uid = EXCLUDED.uid, restore_epoch = EXCLUDED.restore_epoch,
        resource_version = EXCLUDED.resource_version, generation = EXCLUDED.generation,
        status_reason = EXCLUDED.status_reason, ready = EXCLUDED.ready, stalled = EXCLUDED.stalled,
        request_id = EXCLUDED.request_id, attempt = EXCLUDED.attempt, account = EXCLUDED.account,
        customer_id = EXCLUDED.customer_id, customer_email = EXCLUDED.customer_email,
        total_cents = EXCLUDED.total_cents, currency = EXCLUDED.currency,
        max_price_cents = EXCLUDED.max_price_cents, actual_total_cents = EXCLUDED.actual_total_cents,
        callback_token_hash = COALESCE(EXCLUDED.callback_token_hash, o.callback_token_hash),
        callback_token_expires_at = COALESCE(EXCLUDED.callback_token_expires_at, o.callback_token_expires_at),
        shipping_address = EXCLUDED.shipping_address, conditions = EXCLUDED.conditions, history = EXCLUDED.history,
        created_at = EXCLUDED.created_at, updated_at = EXCLUDED.updated_at,
        placed_at = EXCLUDED.placed_at, delivered_at = EXCLUDED.delivered_at,
        deleted_at = CASE WHEN o.uid = EXCLUDED.uid THEN COALESCE(o.deleted_at, EXCLUDED.deleted_at)
            ELSE EXCLUDED.deleted_at END
    WHERE (o.uid = EXCLUDED.uid
            AND (EXCLUDED.restore_epoch, EXCLUDED.resource_version) > (o.restore_epoch, o.resource_version))
        OR (o.uid <> EXCLUDED.uid
            AND (EXCLUDED.created_at, EXCLUDED.resource_version) > (o.created_at, o.resource_version))
    RETURNING namespace, source, external_id
), surplus AS (
    DELETE FROM order_items i USING mirrored m
    WHERE i.namespace = m.namespace AND i.source = m.source AND i.external_id = m.external_id
        AND i.line_number > jsonb_array_length($2::jsonb)
)
INSERT INTO order_items (namespace, source, external_id, line_number, product_id, quantity, unit_price_cents,
    title, category, variants)
SELECT m.namespace, m.source, m.external_id, i.line_number, i.product_id, i.quantity, i.unit_price_cents,
    i.title, i.category, i.variants
FROM mirrored m CROSS JOIN jsonb_populate_recordset(NULL::order_items, $2::jsonb) i
ON CONFLICT (namespace, source, external_id, line_number) DO UPDATE SET
    product_id = EXCLUDED.product_id, quantity = EXCLUDED.quantity, unit_price_cents = EXCLUDED.unit_price_cents,
    title = EXCLUDED.title, category = EXCLUDED.category, variants = EXCLUDED.variants

-- name: sqlMirrored
SELECT EXISTS (SELECT FROM orders WHERE namespace = $1 AND source = $2 AND external_id = $3
    AND uid = $4 AND resource_version >= $5::text::numeric)

-- name: sqlNotifyHint
SELECT pg_notify($1, $2)

-- name: sqlOpenAlerts
SELECT alert_key, kind, object, first_seen_at, last_seen_at
FROM admin_alerts
WHERE resolved_at IS NULL AND namespace = $1 AND kind = ANY($2)
ORDER BY id
LIMIT $3

-- name: sqlOutboxPending
SELECT count(*) FROM email_outbox WHERE state IN ('pending', 'sending')

-- name: sqlPaymentOwner
SELECT namespace, source, external_id FROM order_payments WHERE provider = $1 AND reference = $2

-- name: sqlRaiseAlert
INSERT INTO admin_alerts (alert_key, severity, kind, namespace, object, summary, runbook, first_seen_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (alert_key) WHERE resolved_at IS NULL DO UPDATE
SET occurrences = admin_alerts.occurrences + 1, last_seen_at = EXCLUDED.last_seen_at,
    severity = EXCLUDED.severity, summary = EXCLUDED.summary
RETURNING occurrences = 1

-- name: sqlRateSecret
SELECT secret FROM rate_limit_secret

-- name: sqlReleaseAttempt
WITH released AS (
    UPDATE order_attempts SET state = 'released', released_at = $5, error_code = $6, reason = $7
    WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4 AND state = 'reserved'
)
UPDATE zma_cost_tracking SET state = 'released', released_at = $5
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4 AND state = 'reserved'

-- name: sqlResolveAlert
UPDATE admin_alerts SET resolved_at = $2 WHERE alert_key = $1 AND resolved_at IS NULL

-- name: sqlSchemaSupport
SELECT oldest_version FROM schema_support

-- name: sqlSchemaVersion
SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied

-- name: sqlSettleAttempt
UPDATE order_attempts SET state = 'settled', request_id = $5, settled_at = $6
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4

-- name: sqlSettleCost
UPDATE zma_cost_tracking
SET settled_after_release = (state = 'released'), state = 'settled', settled_at = $5,
    estimated_cents = $6::bigint, subtotal_cents = $7, shipping_cents = $8, tax_cents = $9,
    adjustment_cents = $10, total_cents = $11::bigint, variance_cents = $11::bigint - $6::bigint
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4

-- name: sqlShareRates
INSERT INTO rate_limits AS r (key, full_at, added)
SELECT u.key, now() + u.behind * interval '1 microsecond', u.taken * interval '1 microsecond'
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u (key, taken, behind)
ORDER BY u.key
ON CONFLICT (key) DO UPDATE SET full_at = greatest(r.full_at + excluded.added, excluded.full_at), added = excluded.added
RETURNING key, (extract(epoch FROM full_at - now()) * 1000000)::bigint

-- name: sqlSumRefunds
SELECT COALESCE(sum(cents), 0)::bigint FROM order_refunds
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4

-- name: sqlSweepAttempts
SELECT a.source, a.external_id, a.attempt, a.state, a.idempotency_key, a.provider_account_id,
       COALESCE(c.account, ''), a.request_id, a.reserved_at, COALESCE(a.settled_at, a.released_at)
FROM order_attempts a
LEFT JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)
WHERE a.namespace = $1 AND (a.source, a.external_id, a.attempt) > ($2, $3, $4)
    AND (a.state = 'reserved' OR a.settled_at >= $5 OR a.released_at >= $5)
ORDER BY a.source, a.external_id, a.attempt
LIMIT $6

-- name: sqlUsed
SELECT
    (SELECT COALESCE(sum(reserved_cents + settled_cents), 0)::bigint FROM spend_periods
     WHERE namespace = $1 AND account = $2 AND starts_at >= $3),
    (SELECT COALESCE(sum(reserved_cents + settled_cents), 0)::bigint FROM spend_periods
     WHERE namespace = $1 AND account = $2 AND starts_at >= $4),
    (SELECT COALESCE(sum(GREATEST(0, COALESCE(total_cents, max_price_cents) - refunded_cents)), 0)::bigint FROM zma_cost_tracking
     WHERE namespace = $1 AND account = $2 AND customer_id = $5 AND state <> 'released' AND reserved_at >= $3),
    (SELECT COALESCE(sum(reserved_cents), 0)::bigint FROM spend_periods
     WHERE namespace = $1 AND account = $2 AND starts_at >= (
        SELECT date_bin('15 minutes', min(reserved_at), '2000-01-01 00:00:00+00') FROM zma_cost_tracking
        WHERE namespace = $1 AND account = $2 AND state = 'reserved'))
    + (SELECT COALESCE(sum(total_cents), 0)::bigint FROM zma_cost_tracking
     WHERE namespace = $1 AND account = $2 AND state = 'settled' AND settled_at >= $6)

