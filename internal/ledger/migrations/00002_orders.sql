-- +goose Up
-- The mirror of the cluster's orders, for reports and for restoring. Nothing
-- about spending is decided from it.

CREATE TABLE orders (
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    source varchar(63) NOT NULL CHECK (source <> ''),
    external_id varchar(253) NOT NULL CHECK (external_id <> ''),
    name varchar(253) NOT NULL CHECK (name <> ''),
    uid varchar(64) NOT NULL CHECK (uid <> ''),
    restore_epoch bigint NOT NULL DEFAULT 0,
    resource_version numeric(39) NOT NULL CHECK (resource_version >= 0),
    generation bigint NOT NULL CHECK (generation >= 0),
    status_reason varchar(64) NOT NULL,
    ready boolean NOT NULL,
    stalled boolean NOT NULL,
    request_id varchar(64) NOT NULL,
    attempt bigint NOT NULL CHECK (attempt >= 0),
    account varchar(253) NOT NULL,
    customer_id varchar(128) NOT NULL,
    customer_email varchar(254) NOT NULL,
    total_cents bigint NOT NULL CHECK (total_cents >= 0),
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    max_price_cents bigint CHECK (max_price_cents >= 0),
    actual_total_cents bigint CHECK (actual_total_cents >= 0),
    callback_token_hash bytea CHECK (octet_length(callback_token_hash) <= 64),
    callback_token_expires_at timestamptz,
    shipping_address jsonb,
    conditions jsonb NOT NULL,
    history jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    placed_at timestamptz,
    delivered_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (namespace, source, external_id)
);
COMMENT ON TABLE orders IS 'The latest known state of each ZMAOrder, deleted ones included. Written by the mirror only.';
COMMENT ON COLUMN orders.callback_token_hash IS 'Hash of the token in the callback URLs. The token itself is never stored.';
COMMENT ON COLUMN orders.shipping_address IS 'Personal data: name, address and phone number of who receives.';
COMMENT ON COLUMN orders.customer_email IS 'Personal data.';
COMMENT ON COLUMN orders.updated_at IS 'When the mirror wrote the row.';
CREATE INDEX orders_by_name ON orders (namespace, name);
CREATE INDEX orders_by_status ON orders (namespace, status_reason, created_at);
CREATE INDEX orders_by_customer ON orders (namespace, customer_id, created_at);

CREATE TABLE order_items (
    namespace varchar(63) NOT NULL,
    source varchar(63) NOT NULL,
    external_id varchar(253) NOT NULL,
    line_number integer NOT NULL CHECK (line_number BETWEEN 1 AND 50),
    product_id varchar(64) NOT NULL CHECK (product_id <> ''),
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price_cents bigint CHECK (unit_price_cents >= 0),
    title varchar(300) NOT NULL,
    category varchar(100) NOT NULL,
    variants jsonb NOT NULL,
    PRIMARY KEY (namespace, source, external_id, line_number),
    FOREIGN KEY (namespace, source, external_id) REFERENCES orders (namespace, source, external_id) ON DELETE CASCADE
);
COMMENT ON TABLE order_items IS 'The lines of each mirrored order, numbered from 1.';

CREATE TABLE order_recovery_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    source varchar(63) NOT NULL CHECK (source <> ''),
    external_id varchar(253) NOT NULL CHECK (external_id <> ''),
    attempt bigint NOT NULL CHECK (attempt >= 0),
    verb varchar(64) NOT NULL CHECK (verb <> ''),
    reason varchar(256) NOT NULL,
    result varchar(512) NOT NULL,
    actor varchar(256) NOT NULL,
    started_at timestamptz NOT NULL,
    duration_us bigint NOT NULL CHECK (duration_us >= 0)
);
COMMENT ON TABLE order_recovery_logs IS 'Every recovery, automatic or by hand, with what came of it.';
CREATE INDEX order_recovery_logs_by_order ON order_recovery_logs (namespace, source, external_id, started_at);

CREATE TABLE webhook_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id varchar(64) NOT NULL,
    namespace varchar(63) NOT NULL,
    source varchar(63) NOT NULL,
    route varchar(128) NOT NULL,
    method varchar(16) NOT NULL,
    outcome varchar(64) NOT NULL,
    category varchar(64) NOT NULL,
    status integer NOT NULL CHECK (status BETWEEN 0 AND 999),
    duration_us bigint NOT NULL CHECK (duration_us >= 0),
    client_hash varchar(128) NOT NULL,
    order_name varchar(253) NOT NULL,
    external_id_hash varchar(128) NOT NULL,
    webhook_id varchar(256) NOT NULL,
    body_bytes bigint NOT NULL CHECK (body_bytes >= 0)
);
COMMENT ON TABLE webhook_deliveries IS 'One row per inbound request, refused ones included. No bodies, no addresses, hashes in place of identifiers.';
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (namespace, at);
