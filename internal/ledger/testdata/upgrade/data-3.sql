INSERT INTO email_outbox (namespace, source, external_id, kind, transition, policy, recipient, data, message_id, state, created_at, next_attempt_at) VALUES
    ('shop', 'store', 'bought', 'order-placed', 'placed', 'mails', 'buyer@example.com', '{}', 'm-1', 'pending', '2026-03-14 10:05:00+00', '2026-03-14 10:05:00+00');
INSERT INTO admin_alerts (alert_key, severity, kind, namespace, object, summary, runbook, first_seen_at, last_seen_at) VALUES
    ('key-1', 'warning', 'BalanceLow', 'shop', 'main', 'The balance is low.', 'balance', '2026-03-14 10:05:00+00', '2026-03-14 10:05:00+00');
