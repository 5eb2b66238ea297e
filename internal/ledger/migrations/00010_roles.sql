-- +goose Up
-- Who may do what. The roles belong to the whole server and can't log in; logins
-- are made by people. Row level security is forced on each table, so that a right
-- without a policy reads nothing, and a policy without a right neither.

-- +goose StatementBegin
DO $$
DECLARE
    wanted CONSTANT text[] := ARRAY['zma_operator', 'zma_intake', 'zma_reporter', 'zma_auditor'];
    patience CONSTANT text := current_setting('lock_timeout');
    missing text;
    odd text;
BEGIN
    -- Another database of this server may be migrated at the same time: then the
    -- other one's transaction is waited for.
    PERFORM set_config('lock_timeout', '30s', true);
    FOREACH missing IN ARRAY wanted LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = missing);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            -- Programs show of a refusal its state and constraint alone, never its message.
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role % is missing, and % may not create it', missing, current_user USING
                    ERRCODE = 'insufficient_privilege',
                    HINT = 'See docs/database-roles.md.',
                    CONSTRAINT = 'missing roles; run first, as a user who may: CREATE ROLE zma_operator NOLOGIN; '
                        'CREATE ROLE zma_intake NOLOGIN; CREATE ROLE zma_reporter NOLOGIN; CREATE ROLE zma_auditor NOLOGIN';
        END;
    END LOOP;
    PERFORM set_config('lock_timeout', patience, true);
    -- Roles that were there before may do more than this schema can take back.
    SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) INTO odd FROM pg_roles r
    WHERE r.rolname = ANY (wanted) AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid));
    IF odd IS NOT NULL THEN
        RAISE EXCEPTION 'roles with more rights than they should have: %', odd USING
            ERRCODE = 'insufficient_privilege',
            CONSTRAINT = 'roles with more rights than they should have: ' || odd;
    END IF;
    -- Functions of this schema run as its owner: who may add others to it could have
    -- his own called instead. Databases made before PostgreSQL 15 let everybody.
    SELECT string_agg(w, ', ' ORDER BY w) INTO odd FROM unnest(wanted) w
    WHERE has_schema_privilege(w, current_schema(), 'CREATE');
    IF odd IS NOT NULL THEN
        RAISE EXCEPTION 'roles that may create in schema %: %', current_schema(), odd USING
            ERRCODE = 'insufficient_privilege',
            HINT = 'See docs/database-roles.md.',
            CONSTRAINT = 'a right to create in the schema; run first, as its owner: '
                || format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, %s', current_schema(), odd);
    END IF;
END
$$;
-- +goose StatementEnd

-- What later migrations call for each table and view: nothing for everybody, all
-- for the owner, since forced security counts for a plain owner's backfills too,
-- and reading for the auditor.
-- +goose StatementBegin
CREATE FUNCTION zma_secure(target regclass, audited boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind "char";
    owner regrole;
    invoker boolean;
BEGIN
    SELECT c.relkind, c.relowner, COALESCE('security_invoker=true' = ANY (c.reloptions), false) INTO kind, owner, invoker
    FROM pg_class c WHERE c.oid = target;
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', target);
    IF kind = 'v' THEN
        IF NOT invoker THEN
            RAISE EXCEPTION 'view % is not security_invoker', target USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSE
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        IF NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = target AND p.polname = 'zma_owner') THEN
            EXECUTE format('CREATE POLICY zma_owner ON %s TO %s USING (true) WITH CHECK (true)', target, owner);
        END IF;
    END IF;
    IF audited THEN
        PERFORM zma_permit(target, 'zma_auditor', 'SELECT');
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION zma_secure IS 'For migrations: forces row level security on a table, for its owner and the auditor only; checks a view.';

-- +goose StatementBegin
CREATE FUNCTION zma_permit(target regclass, grantee name, VARIADIC privileges text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    privilege text;
    verb text;
    rows text := 'true';
BEGIN
    -- Whose rows they are is told by who asks, never by a setting. It is read once
    -- for each statement, and an index can be searched for it.
    IF grantee = 'zma_reporter' THEN
        rows := 'namespace = ANY (ARRAY(SELECT r.namespace FROM reporter_namespaces r WHERE r.role_name = CURRENT_USER::text))';
    END IF;
    FOREACH privilege IN ARRAY privileges LOOP
        verb := upper(split_part(privilege, ' ', 1));
        IF grantee IN ('zma_reporter', 'zma_auditor') AND verb <> 'SELECT' THEN
            RAISE EXCEPTION '% only reads', grantee USING ERRCODE = 'insufficient_privilege';
        END IF;
        EXECUTE format('GRANT %s ON %s TO %I', privilege, target, grantee);
        CONTINUE WHEN (SELECT relkind FROM pg_class WHERE oid = target) = 'v' OR EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = target AND p.polname = grantee || '_' || lower(verb));
        EXECUTE format('CREATE POLICY %I ON %s FOR %s TO %I %s', grantee || '_' || lower(verb), target, verb, grantee,
            CASE verb WHEN 'INSERT' THEN format('WITH CHECK (%s)', rows)
                WHEN 'UPDATE' THEN format('USING (%1$s) WITH CHECK (%1$s)', rows)
                ELSE format('USING (%s)', rows) END);
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION zma_permit IS 'For migrations: grants a role privileges on a table or view, such as UPDATE (state), with the policies that they need.';

CREATE TABLE reporter_namespaces (
    role_name varchar(63) NOT NULL CHECK (role_name <> ''),
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    PRIMARY KEY (role_name, namespace)
);
COMMENT ON TABLE reporter_namespaces IS 'The namespaces that each login of zma_reporter reads. Written by the owner of the schema.';
COMMENT ON COLUMN reporter_namespaces.role_name IS 'The login itself, not a role that it is a member of.';
SELECT zma_secure('reporter_namespaces');
GRANT SELECT ON reporter_namespaces TO zma_reporter;
CREATE POLICY zma_reporter_select ON reporter_namespaces FOR SELECT TO zma_reporter USING (role_name = CURRENT_USER::text);

-- In the order in which programs lock them, so that a migration beside a running
-- program waits for it and not in a circle.
SELECT zma_secure(t::regclass) FROM unnest(ARRAY[
    'spend_accounts', 'order_identities', 'order_attempts', 'zma_cost_tracking', 'spend_periods', 'order_refunds',
    'journal_transactions', 'journal_entries', 'order_payments', 'orders', 'order_items', 'order_recovery_logs',
    'email_outbox', 'admin_alerts', 'audit_log', 'webhook_deliveries', 'rate_limits', 'schema_support', 'goose_db_version',
    'journal_balances', 'journal_differences', 'journal_order_differences']) t;
-- A key is no record: nobody audits it.
SELECT zma_secure('rate_limit_secret', false);

-- The controllers. A lock of a row needs the right to update a column of it.
SELECT zma_permit('spend_accounts', 'zma_operator', 'SELECT', 'INSERT', 'UPDATE (created_at)');
SELECT zma_permit('order_identities', 'zma_operator', 'SELECT', 'INSERT', 'UPDATE (outcome, outcome_reason, record, closed_at)');
SELECT zma_permit('order_attempts', 'zma_operator', 'SELECT', 'INSERT',
    'UPDATE (state, request_id, error_code, reason, settled_at, released_at)');
SELECT zma_permit('zma_cost_tracking', 'zma_operator', 'SELECT', 'INSERT',
    'UPDATE (state, estimated_cents, subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, variance_cents,'
    ' settled_after_release, settled_at, released_at, refunded_cents, refunded_at)');
SELECT zma_permit('spend_periods', 'zma_operator', 'SELECT');
SELECT zma_permit('order_refunds', 'zma_operator', 'SELECT', 'INSERT');
SELECT zma_permit('order_payments', 'zma_operator', 'SELECT', 'INSERT');
SELECT zma_permit('journal_transactions', 'zma_operator', 'SELECT');
SELECT zma_permit('journal_entries', 'zma_operator', 'SELECT');
SELECT zma_permit('journal_balances', 'zma_operator', 'SELECT');
SELECT zma_permit('journal_differences', 'zma_operator', 'SELECT');
SELECT zma_permit('journal_order_differences', 'zma_operator', 'SELECT');
SELECT zma_permit('orders', 'zma_operator', 'SELECT', 'INSERT', 'UPDATE');
SELECT zma_permit('order_items', 'zma_operator', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
SELECT zma_permit('order_recovery_logs', 'zma_operator', 'SELECT', 'INSERT');
SELECT zma_permit('email_outbox', 'zma_operator', 'SELECT', 'INSERT',
    'UPDATE (state, attempts, unsure, last_category, next_attempt_at, claimed_until, sent_at)');
SELECT zma_permit('admin_alerts', 'zma_operator', 'SELECT', 'INSERT',
    'UPDATE (severity, summary, occurrences, last_seen_at, resolved_at)');
SELECT zma_permit('audit_log', 'zma_operator', 'SELECT', 'INSERT');
SELECT zma_permit('webhook_deliveries', 'zma_operator', 'INSERT');

-- What the webhook endpoint needs, which runs within the controllers' process too.
SELECT zma_permit('webhook_deliveries', 'zma_intake', 'INSERT');
SELECT zma_permit('rate_limits', r, 'SELECT', 'INSERT', 'UPDATE (full_at, added)', 'DELETE'),
    zma_permit('rate_limit_secret', r, 'SELECT (secret)'),
    zma_permit('schema_support', r, 'SELECT (oldest_version)'),
    zma_permit('goose_db_version', r, 'SELECT (version_id, is_applied)')
FROM unnest(ARRAY['zma_operator', 'zma_intake']) r;

-- Reports: no personal data, no free text, nothing that identifies towards the
-- provider. Columns that are added later are not among these.
SELECT zma_permit('orders', 'zma_reporter', 'SELECT (namespace, source, external_id, name, generation, status_reason, ready, stalled,'
    ' attempt, account, total_cents, currency, max_price_cents, actual_total_cents, created_at, updated_at, placed_at, delivered_at, deleted_at)');
SELECT zma_permit('order_items', 'zma_reporter', 'SELECT (namespace, source, external_id, line_number, product_id, quantity,'
    ' unit_price_cents, title, category)');
SELECT zma_permit('order_identities', 'zma_reporter', 'SELECT (namespace, source, external_id, name, outcome, outcome_reason, created_at, closed_at)');
SELECT zma_permit('order_attempts', 'zma_reporter', 'SELECT (namespace, source, external_id, attempt, state, error_code, reason,'
    ' max_price_cents, unreserved, reserved_at, settled_at, released_at)');
SELECT zma_permit('zma_cost_tracking', 'zma_reporter', 'SELECT (namespace, source, external_id, attempt, account, currency, state,'
    ' estimated_cents, max_price_cents, subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, variance_cents,'
    ' unreserved, settled_after_release, reserved_at, settled_at, released_at, refunded_cents, refunded_at)');
SELECT zma_permit('spend_periods', 'zma_reporter', 'SELECT');
SELECT zma_permit('order_refunds', 'zma_reporter', 'SELECT (namespace, source, external_id, attempt, cents, booked_at)');
SELECT zma_permit('journal_transactions', 'zma_reporter', 'SELECT');
SELECT zma_permit('journal_entries', 'zma_reporter', 'SELECT');
SELECT zma_permit('journal_balances', 'zma_reporter', 'SELECT');
SELECT zma_permit('order_recovery_logs', 'zma_reporter', 'SELECT (id, namespace, source, external_id, attempt, verb, reason, started_at, duration_us)');
SELECT zma_permit('email_outbox', 'zma_reporter', 'SELECT (id, namespace, source, external_id, kind, state, attempts, unsure, created_at, next_attempt_at, sent_at)');
SELECT zma_permit('admin_alerts', 'zma_reporter', 'SELECT (id, namespace, kind, severity, occurrences, first_seen_at, last_seen_at, resolved_at)');
SELECT zma_permit('webhook_deliveries', 'zma_reporter', 'SELECT (id, at, namespace, source, route, method, outcome, category, status,'
    ' duration_us, body_bytes, security_event)');

-- Functions. Triggers that keep sums and the journal write what the program itself
-- may not: they do it as their owner, and find nothing but this schema's tables.
-- +goose StatementBegin
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS signature, p.proname FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN ('spend_periods_follow', 'audit_log_is_append_only',
            'journal_is_append_only', 'journal_entries_balance', 'journal_post', 'zma_cost_tracking_post', 'order_refunds_post',
            'zma_secure', 'zma_permit')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.signature);
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', f.signature, current_schema());
        IF f.proname IN ('spend_periods_follow', 'zma_cost_tracking_post', 'order_refunds_post') THEN
            EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER', f.signature);
        END IF;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO zma_operator, zma_intake, zma_reporter, zma_auditor', current_schema());
END
$$;
-- +goose StatementEnd
