-- What each order is: drawn from hashes of its number, so that it depends on
-- the seed and the number alone.
CREATE TEMPORARY TABLE facts ON COMMIT DROP AS
WITH o AS (
    SELECT current_setting('records.orders')::bigint AS orders, current_setting('records.seed')::bigint AS seed,
        current_setting('records.days')::integer AS days, current_setting('records.end')::timestamptz AS ends
)
SELECT n, namespace, 'store'::varchar(63) AS source, external_id, 'zo-' || md5(external_id) AS name, account, currency, retailer, customer_id,
    created_at, draw[1] AS fate, draw[2] AS luck, draw[3] AS care, draw[4] AS news, draw[5] AS spare,
    reserved_at, settled_at, settled_at + make_interval(hours => 24 + (120 * draw[5])::integer) AS delivered_at,
    estimated_cents, total_cents, ended,
    CASE WHEN fate_of < 6 THEN 'refused' WHEN fate_of < 9 THEN 'cancelled' WHEN settled_at > ends THEN 'open' ELSE 'bought' END AS outcome,
    CASE WHEN draw[2] < 0.08 AND fate_of >= 9 THEN 2 ELSE 1 END AS attempt
FROM (
    SELECT n, draw, created_at, ends, draw[1] * 100 AS fate_of,
        CASE WHEN n % 4 = 0 THEN 'outlet' ELSE 'shop' END::varchar(63) AS namespace,
        'order-' || lpad(n::text, 9, '0') AS external_id,
        (ARRAY['main', 'main', 'gifts', 'europe'])[1 + (draw[3] * 3.999)::integer % 4]::varchar(253) AS account,
        CASE WHEN 1 + (draw[3] * 3.999)::integer % 4 = 4 THEN 'EUR' ELSE 'USD' END::varchar(3) AS currency,
        (ARRAY['amazon', 'amazon', 'amazon_uk', 'walmart'])[1 + (draw[4] * 3.999)::integer % 4]::varchar(32) AS retailer,
        'customer-' || (draw[5] * GREATEST(1, orders / 5))::bigint AS customer_id,
        created_at + make_interval(secs => 2 + 60 * draw[2]) AS reserved_at,
        created_at + make_interval(secs => 70 + CASE WHEN draw[2] < 0.1 THEN 86400 ELSE 1800 END * draw[4]) AS settled_at,
        500 + (draw[5] * 20000)::bigint AS estimated_cents,
        500 + (draw[5] * 20000)::bigint + ((draw[2] - 0.45) * 300)::bigint AS total_cents,
        draw[1] < 0.09 AS ended
    FROM (
        SELECT n, o.ends, o.orders, o.ends - make_interval(secs => o.days * 86400.0 * (o.orders - n) / o.orders) AS created_at,
            ARRAY(SELECT (hashint8extended(n, o.seed * 16 + salt) & 1048575) / 1048576.0 FROM generate_series(1, 5) salt) AS draw
        FROM o CROSS JOIN LATERAL generate_series(1, o.orders) n
    ) numbers
) orders
