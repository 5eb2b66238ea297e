-- +goose Up
-- What a person has asked for is recorded once, however often it is written: the
-- process may die between the effect and its record.

ALTER TABLE order_recovery_logs ADD COLUMN request varchar(256) NOT NULL DEFAULT '';
COMMENT ON COLUMN order_recovery_logs.request IS 'The value of zma.dev/recover; empty for recoveries that nobody asked for.';
CREATE UNIQUE INDEX order_recovery_logs_once ON order_recovery_logs (namespace, source, external_id, request, started_at)
    WHERE request <> '';
