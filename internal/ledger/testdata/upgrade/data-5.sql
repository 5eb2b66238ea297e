INSERT INTO order_payments (provider, reference, namespace, source, external_id, claimed_at) VALUES
    ('stripe', 'pi_1', 'shop', 'store', 'bought', '2026-03-14 10:00:00+00');
