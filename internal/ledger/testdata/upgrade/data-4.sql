INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail) VALUES
    ('2026-03-14 10:05:00+00', 'controller', 'settle', 'shop', 'store/bought', 1, '', '{"totalCents": "850"}');
