-- +goose Up
-- Deliveries by month, so that old ones go with their partition, and what erasing
-- a person needs. Partitions are made and dropped by functions of the owner, since
-- programs may not: they take no names, and nothing younger than 30 days goes.

-- Programs of the version before go on writing: the same columns, the same INSERT.
-- They wait until the table of before is a partition; no row is copied, and its indexes
-- become parts of those of the whole.
-- +goose StatementBegin
DO $$
DECLARE
    ends_at timestamptz;
    statement text;
    statements text[];
    moved record;
    next_id bigint;
BEGIN
    LOCK TABLE webhook_deliveries IN ACCESS EXCLUSIVE MODE;
    SELECT COALESCE(max(id), 0) + 1 INTO next_id FROM webhook_deliveries;
    ALTER TABLE webhook_deliveries ALTER COLUMN id DROP IDENTITY, DROP CONSTRAINT webhook_deliveries_pkey;
    FOR moved IN SELECT c.oid::regclass AS index, pg_get_indexdef(c.oid) AS made,
            replace(c.relname, 'webhook_deliveries', 'webhook_deliveries_before') AS name
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'webhook_deliveries'::regclass LOOP
        statements := statements || moved.made;
        EXECUTE format('ALTER INDEX %s RENAME TO %I', moved.index, moved.name);
    END LOOP;
    FOR moved IN SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS made FROM pg_trigger t
        WHERE t.tgrelid = 'webhook_deliveries'::regclass AND NOT t.tgisinternal LOOP
        statements := statements || moved.made;
        EXECUTE format('DROP TRIGGER %I ON webhook_deliveries', moved.name);
    END LOOP;
    ALTER TABLE webhook_deliveries RENAME TO webhook_deliveries_before;

    -- Numbers come from a sequence: before version 17 a partitioned table has no
    -- identity columns.
    CREATE SEQUENCE webhook_deliveries_id_seq;
    PERFORM setval('webhook_deliveries_id_seq', next_id, false);
    ALTER TABLE webhook_deliveries_before ALTER COLUMN id SET DEFAULT nextval('webhook_deliveries_id_seq');
    CREATE TABLE webhook_deliveries (
        LIKE webhook_deliveries_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS,
        PRIMARY KEY (id, at)
    ) PARTITION BY RANGE (at);
    ALTER SEQUENCE webhook_deliveries_id_seq OWNED BY webhook_deliveries.id;
    CREATE TABLE webhook_deliveries_default PARTITION OF webhook_deliveries DEFAULT;
    IF EXISTS (SELECT FROM webhook_deliveries_before) THEN
        REVOKE ALL ON webhook_deliveries_before FROM zma_operator, zma_intake, zma_reporter;
        FOR moved IN SELECT polname AS name FROM pg_policy
            WHERE polrelid = 'webhook_deliveries_before'::regclass AND polname NOT IN ('zma_owner', 'zma_auditor_select') LOOP
            EXECUTE format('DROP POLICY %I ON webhook_deliveries_before', moved.name);
        END LOOP;
        SELECT date_trunc('month', GREATEST(max(at), now()) AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'
            INTO ends_at FROM webhook_deliveries_before;
        EXECUTE format('ALTER TABLE webhook_deliveries ATTACH PARTITION webhook_deliveries_before FOR VALUES FROM (MINVALUE) TO (%L)', ends_at);
        COMMENT ON TABLE webhook_deliveries_before IS 'Deliveries from before the table was partitioned.';
    ELSE
        DROP TABLE webhook_deliveries_before;
    END IF;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON TABLE webhook_deliveries IS 'One row per inbound request, refused ones included, by month. No bodies, no addresses, hashes in place of identifiers.';
COMMENT ON TABLE webhook_deliveries_default IS 'Deliveries of months that have no partition yet: nothing is lost when the upkeep fails.';

-- Rows are reached through the table alone, and whose they are is decided there; the
-- auditor reads partitions, too.
SELECT zma_secure('webhook_deliveries');
SELECT zma_secure('webhook_deliveries_default');
SELECT zma_permit('webhook_deliveries', 'zma_operator', 'INSERT');
SELECT zma_permit('webhook_deliveries', 'zma_intake', 'INSERT');
SELECT zma_permit('webhook_deliveries', 'zma_reporter', 'SELECT (id, at, namespace, source, route, method, outcome, category, status,'
    ' duration_us, body_bytes, security_event)');
GRANT USAGE ON SEQUENCE webhook_deliveries_id_seq TO zma_operator, zma_intake;

-- The partitions of deliveries with their bounds; both empty for the default one.
-- +goose StatementBegin
CREATE FUNCTION zma_partitions() RETURNS TABLE (part regclass, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE sql STABLE AS $$
SELECT c.oid::regclass,
    CASE WHEN b.bound LIKE 'FOR VALUES FROM (MINVALUE)%' THEN '-infinity'
        ELSE substring(b.bound FROM 'FROM \(''([^'']+)''\)')::timestamptz END,
    substring(b.bound FROM 'TO \(''([^'']+)''\)')::timestamptz
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
WHERE i.inhparent = 'webhook_deliveries'::regclass
$$;
-- +goose StatementEnd

-- Makes the partitions of this month and the next three, and tells how many. What
-- the default one holds of such a month moves.
-- +goose StatementBegin
CREATE FUNCTION zma_partitions_ensure() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    home text;
    fresh text;
    starts timestamptz;
    ends timestamptz;
    made bigint := 0;
BEGIN
    LOCK TABLE webhook_deliveries IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT n.nspname INTO home FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'webhook_deliveries'::regclass;
    FOR ahead IN 0..3 LOOP
        starts := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
        ends := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC';
        CONTINUE WHEN EXISTS (SELECT FROM zma_partitions() p WHERE p.starts_at <= starts AND p.ends_at > starts);
        fresh := format('%I.%I', home, 'webhook_deliveries_' || to_char(starts AT TIME ZONE 'UTC', '"y"YYYY"m"MM'));
        EXECUTE format('CREATE TABLE %s (LIKE webhook_deliveries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', fresh);
        EXECUTE format('COMMENT ON TABLE %s IS %L', fresh, 'Deliveries of one month, UTC.');
        PERFORM zma_secure(fresh::regclass);
        LOCK TABLE webhook_deliveries_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('WITH moved AS (DELETE FROM webhook_deliveries_default WHERE at >= %L AND at < %L RETURNING *)'
            ' INSERT INTO %s SELECT * FROM moved', starts, ends, fresh);
        EXECUTE format('ALTER TABLE webhook_deliveries ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', fresh, starts, ends);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION zma_partitions_ensure() IS 'Makes the partitions of webhook_deliveries for this month and the next three; gives the number made.';

-- Drops the oldest partition of which all is older than that many days, to the
-- month; without one, rows of such months that are in no month's partition.
-- +goose StatementBegin
CREATE FUNCTION zma_partitions_drop(keep_days integer) RETURNS TABLE (partitions bigint, removed bigint)
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    kept_from timestamptz;
    old regclass;
BEGIN
    IF keep_days IS NULL OR keep_days < 30 THEN
        RAISE EXCEPTION 'deliveries are kept for 30 days at least' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    kept_from := date_trunc('month', now() - make_interval(days => keep_days), 'UTC');
    SELECT p.part INTO old FROM zma_partitions() p WHERE p.ends_at <= kept_from ORDER BY p.ends_at LIMIT 1;
    IF old IS NOT NULL THEN
        EXECUTE format('SELECT count(*) FROM %s', old) INTO removed;
        EXECUTE format('DROP TABLE %s', old);
        partitions := 1;
    ELSE
        DELETE FROM webhook_deliveries d
        USING (SELECT w.id, w.at FROM webhook_deliveries w WHERE w.at < kept_from LIMIT 5000) o
        WHERE d.id = o.id AND d.at = o.at AND d.at < kept_from;
        GET DIAGNOSTICS removed = ROW_COUNT;
        partitions := 0;
    END IF;
    RETURN NEXT;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION zma_partitions_drop(integer) IS 'Drops one old partition of webhook_deliveries, or some rows outside of the months; 0 and 0 when nothing is left to drop.';

-- +goose StatementBegin
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY['zma_partitions()', 'zma_partitions_ensure()', 'zma_partitions_drop(integer)']::regprocedure[] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', f, current_schema());
    END LOOP;
END
$$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION zma_partitions_ensure(), zma_partitions_drop(integer) TO zma_operator;
SELECT zma_partitions_ensure();

-- What erasing a person writes, and how it finds what is due.
SELECT zma_permit('zma_cost_tracking', 'zma_operator', 'UPDATE (customer_id)');
SELECT zma_permit('email_outbox', 'zma_operator', 'UPDATE (recipient, data)');
COMMENT ON COLUMN zma_cost_tracking.customer_id IS 'The sender''s number for the customer; empty where nobody knows it, and after erasure.';
CREATE INDEX orders_to_erase ON orders (deleted_at) WHERE erased_at IS NULL AND deleted_at IS NOT NULL;
CREATE INDEX orders_erased ON orders (erased_at) WHERE erased_at IS NOT NULL;
