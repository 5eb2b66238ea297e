INSERT INTO orders (namespace, source, external_id, name, uid, resource_version, generation, status_reason, ready, stalled,
    request_id, attempt, account, customer_id, customer_email, total_cents, currency, retailer, max_price_cents, actual_total_cents,
    shipping_address, conditions, history, created_at, updated_at, placed_at, delivered_at, deleted_at)
SELECT namespace, source, external_id, name, md5(external_id || 'uid'), n, 1,
    reason, reason IN ('Placed', 'Delivered'), reason IN ('Rejected', 'Cancelled', 'AwaitingAddress'),
    'req-' || n, attempt, account, customer_id, customer_id || '@example.com', estimated_cents + 700, currency, retailer, estimated_cents + 500,
    CASE WHEN outcome = 'bought' THEN total_cents END,
    jsonb_build_object('firstName', 'Some', 'lastName', 'One', 'line1', n || ' Example Street', 'city', 'Sampletown', 'country', 'US'),
    (SELECT jsonb_agg(jsonb_build_object('type', type, 'status', 'True', 'reason', reason, 'message', 'The order took this step.',
        'lastTransitionTime', created_at)) FROM unnest(ARRAY['Ready', 'Validated', 'FundsReserved', 'Submitted']) type),
    history, created_at, created_at + interval '1 hour',
    CASE WHEN outcome = 'bought' THEN settled_at END,
    CASE WHEN reason = 'Delivered' THEN delivered_at END,
    CASE WHEN (ended OR reason = 'Delivered') AND delivered_at + interval '7 days' < now() THEN delivered_at + interval '7 days' END
FROM facts
CROSS JOIN LATERAL (SELECT CASE
    WHEN outcome = 'refused' THEN 'Rejected' WHEN outcome = 'cancelled' THEN 'Cancelled'
    WHEN outcome = 'open' AND care < 0.2 THEN 'AwaitingAddress' WHEN outcome = 'open' THEN 'Processing'
    WHEN delivered_at < now() THEN 'Delivered' ELSE 'Placed' END AS reason OFFSET 0) r
CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('at', at, 'reason', step, 'attempt', least(attempt, 1)) ORDER BY at) AS history FROM (VALUES
    ('Scheduled', created_at), ('Submitting', reserved_at), ('Processing', reserved_at + interval '5 seconds'),
    ('RetryScheduled', CASE WHEN attempt = 2 THEN reserved_at + interval '30 seconds' END),
    ('Placed', CASE WHEN outcome = 'bought' THEN settled_at END), ('Delivered', CASE WHEN reason = 'Delivered' THEN delivered_at END),
    (reason, CASE WHEN reason IN ('Rejected', 'Cancelled', 'AwaitingAddress') THEN reserved_at + interval '1 minute' END)) v (step, at)
    WHERE at IS NOT NULL) h
