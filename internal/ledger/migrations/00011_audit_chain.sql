-- +goose Up
-- The audit trail, sealed: each block holds the digests of its rows and that of
-- the block before it. Rows are sealed after they were committed, by id, so that
-- inserts wait for nothing.

CREATE TABLE audit_blocks (
    number bigint PRIMARY KEY CHECK (number > 0),
    format smallint NOT NULL CHECK (format > 0),
    first_id bigint NOT NULL,
    last_id bigint NOT NULL UNIQUE,
    rows integer NOT NULL CHECK (rows > 0),
    row_ids bigint[] NOT NULL,
    row_digests bytea NOT NULL,
    previous_digest bytea NOT NULL UNIQUE CHECK (octet_length(previous_digest) = 32),
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    sealed_at timestamptz NOT NULL,
    CONSTRAINT audit_blocks_range CHECK (first_id <= last_id),
    CONSTRAINT audit_blocks_rows CHECK (cardinality(row_ids) = rows AND octet_length(row_digests) = 32 * rows)
);
COMMENT ON TABLE audit_blocks IS 'Chain over audit_log: a block covers the rows after the last_id of the block before it, up to its own. Append-only; holds no personal data.';
COMMENT ON COLUMN audit_blocks.format IS 'Which encoding of rows and blocks the digests are made of.';
COMMENT ON COLUMN audit_blocks.row_digests IS 'One SHA-256 per id of row_ids, in that order, over all columns but the id.';
COMMENT ON COLUMN audit_blocks.previous_digest IS 'Digest of the block before it, zeros for the first. Unique: the chain can not fork.';
COMMENT ON COLUMN audit_blocks.digest IS 'SHA-256 over all other columns.';

-- +goose StatementBegin
CREATE FUNCTION audit_blocks_is_append_only() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'audit_blocks is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_blocks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_blocks
    FOR EACH STATEMENT EXECUTE FUNCTION audit_blocks_is_append_only();
REVOKE ALL ON FUNCTION audit_blocks_is_append_only() FROM PUBLIC;

SELECT zma_secure('audit_blocks');
SELECT zma_permit('audit_blocks', 'zma_operator', 'SELECT', 'INSERT');

-- A process that does not know whether another one has written a row before it died
-- writes it again: these say what the same row is. Rows of earlier versions have no
-- digest.
CREATE UNIQUE INDEX audit_log_once ON audit_log (namespace, object, action, inputs_digest, COALESCE(detail->>'outcome', ''))
    WHERE inputs_digest <> '' AND action IN ('order.transition', 'submit', 'decide');
CREATE UNIQUE INDEX audit_log_refused_once ON audit_log (namespace, object, attempt, (detail->>'limit'))
    WHERE inputs_digest <> '' AND action = 'refuse';

-- Security events of the endpoint, until a controller has counted those of a minute
-- into one row of the trail: an attacker must not make it grow with each request, and
-- the endpoint inserts deliveries and nothing else.
CREATE TABLE security_events (
    namespace varchar(63) NOT NULL,
    source varchar(63) NOT NULL,
    event varchar(32) NOT NULL CHECK (event <> ''),
    minute timestamptz NOT NULL
);
COMMENT ON TABLE security_events IS 'One row per security event that is not in audit_log yet. Rows live for minutes.';

-- +goose StatementBegin
CREATE FUNCTION webhook_deliveries_note_security() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO security_events (namespace, source, event, minute)
    VALUES (NEW.namespace, NEW.source, NEW.security_event, date_trunc('minute', NEW.at, 'UTC'));
    RETURN NULL;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION webhook_deliveries_note_security() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION webhook_deliveries_note_security() FROM PUBLIC;
CREATE TRIGGER webhook_deliveries_security AFTER INSERT ON webhook_deliveries
    FOR EACH ROW WHEN (NEW.security_event <> '') EXECUTE FUNCTION webhook_deliveries_note_security();

SELECT zma_secure('security_events');
SELECT zma_permit('security_events', 'zma_operator', 'SELECT', 'DELETE');
