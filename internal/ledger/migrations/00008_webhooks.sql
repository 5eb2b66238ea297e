-- +goose Up
-- What a request would be in an attack is told apart from what it was answered,
-- and replicas of the endpoint share their rate limits.

ALTER TABLE webhook_deliveries ADD COLUMN security_event varchar(32) NOT NULL DEFAULT '';
COMMENT ON COLUMN webhook_deliveries.security_event IS 'What an attack would look like too, such as bad_signature; empty for none.';
CREATE INDEX webhook_deliveries_security ON webhook_deliveries (at) WHERE security_event <> '';

-- Lost with a crash of the database, which does no harm: limits begin anew.
CREATE UNLOGGED TABLE rate_limits (
    key varchar(64) PRIMARY KEY,
    full_at timestamptz NOT NULL,
    added interval NOT NULL
);
CREATE INDEX rate_limits_full_at ON rate_limits (full_at);
COMMENT ON TABLE rate_limits IS 'Token buckets of the webhook endpoint, shared by its replicas. Rows live for minutes.';
COMMENT ON COLUMN rate_limits.key IS 'Keyed hash of source, client and limits.';
COMMENT ON COLUMN rate_limits.full_at IS 'When the bucket is full again.';
COMMENT ON COLUMN rate_limits.added IS 'What the latest exchange added to full_at: the upsert has to carry it.';

CREATE TABLE rate_limit_secret (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    secret bytea NOT NULL CHECK (length(secret) >= 32)
);
COMMENT ON TABLE rate_limit_secret IS 'One row: the random key of the hashes in rate_limits. It may be replaced at any time.';
INSERT INTO rate_limit_secret (secret)
VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
