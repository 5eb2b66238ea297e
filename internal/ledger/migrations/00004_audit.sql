-- +goose Up
-- The audit trail. The trigger stands beside the rights of the roles: a mistake
-- in either still leaves the trail whole.

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor varchar(256) NOT NULL CHECK (actor <> ''),
    action varchar(64) NOT NULL CHECK (action <> ''),
    namespace varchar(63) NOT NULL,
    object varchar(320) NOT NULL,
    attempt bigint NOT NULL CHECK (attempt >= 0),
    inputs_digest varchar(128) NOT NULL,
    detail jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object' AND octet_length(detail::text) <= 8192)
);
COMMENT ON TABLE audit_log IS 'Who did what to which object. Append-only; holds no personal data of customers.';
CREATE INDEX audit_log_by_object ON audit_log (namespace, object, at);

-- +goose StatementBegin
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
