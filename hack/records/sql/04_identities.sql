INSERT INTO order_identities (namespace, source, external_id, name, uid, outcome, outcome_reason, record, created_at, closed_at)
SELECT namespace, source, external_id, name, md5(external_id || 'uid'), NULLIF(outcome, 'open'), '',
    CASE WHEN outcome = 'bought' THEN jsonb_build_object('requestID', 'req-' || n) END,
    reserved_at, CASE WHEN outcome <> 'open' THEN settled_at END
FROM facts
