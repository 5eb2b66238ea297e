-- +goose Up
-- What people are told: mails through an outbox, alerts that stay one row while
-- they last.

CREATE TABLE email_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    source varchar(63) NOT NULL CHECK (source <> ''),
    external_id varchar(253) NOT NULL CHECK (external_id <> ''),
    kind varchar(64) NOT NULL CHECK (kind ~ '^[A-Za-z0-9._-]+$'),
    transition varchar(128) NOT NULL,
    policy varchar(253) NOT NULL,
    recipient varchar(320) NOT NULL,
    data jsonb,
    message_id varchar(160) NOT NULL,
    state varchar(16) NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'dead')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    unsure boolean NOT NULL DEFAULT false,
    last_category varchar(64) NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    claimed_until timestamptz,
    sent_at timestamptz,
    CONSTRAINT email_outbox_once UNIQUE (namespace, source, external_id, kind, transition),
    CONSTRAINT email_outbox_claimed CHECK ((state = 'sending') = (claimed_until IS NOT NULL)),
    CONSTRAINT email_outbox_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
COMMENT ON TABLE email_outbox IS 'Mails to send: one row per order, kind and transition, so that no mail is queued twice.';
COMMENT ON COLUMN email_outbox.recipient IS 'Personal data.';
COMMENT ON COLUMN email_outbox.data IS 'Personal data may be among the values for the template.';
COMMENT ON COLUMN email_outbox.unsure IS 'A worker was lost while sending: the mail may have gone out.';
CREATE INDEX email_outbox_pending ON email_outbox (next_attempt_at) WHERE state = 'pending';
CREATE INDEX email_outbox_sending ON email_outbox (claimed_until) WHERE state = 'sending';

CREATE TABLE admin_alerts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_key varchar(512) NOT NULL CHECK (alert_key <> ''),
    severity varchar(16) NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    kind varchar(64) NOT NULL CHECK (kind <> ''),
    namespace varchar(63) NOT NULL,
    object varchar(320) NOT NULL,
    summary varchar(512) NOT NULL,
    runbook varchar(512) NOT NULL,
    occurrences bigint NOT NULL DEFAULT 1 CHECK (occurrences > 0),
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    resolved_at timestamptz
);
COMMENT ON TABLE admin_alerts IS 'Alerts for the people who run the operator: one open row per key, counted while it lasts.';
CREATE UNIQUE INDEX admin_alerts_open ON admin_alerts (alert_key) WHERE resolved_at IS NULL;
CREATE INDEX admin_alerts_by_time ON admin_alerts (namespace, first_seen_at);
