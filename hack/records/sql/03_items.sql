INSERT INTO order_items (namespace, source, external_id, line_number, product_id, quantity, unit_price_cents, title, category, variants)
SELECT namespace, source, external_id, line, 'B' || lpad((n * 7 % 100000)::text, 9, '0'), 1 + (luck * 3)::integer,
    estimated_cents / 2, 'Example product', 'Home', '[]'
FROM facts CROSS JOIN LATERAL generate_series(1, 1 + (care * 1.5)::integer) line
