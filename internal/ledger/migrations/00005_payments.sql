-- +goose Up
-- Which order each payment pays for: one payment never pays for two.

CREATE TABLE order_payments (
    provider varchar(16) NOT NULL CHECK (provider <> ''),
    reference varchar(128) NOT NULL CHECK (reference <> ''),
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    source varchar(63) NOT NULL CHECK (source <> ''),
    external_id varchar(253) NOT NULL CHECK (external_id <> ''),
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (provider, reference)
);
COMMENT ON TABLE order_payments IS 'The order that each verified payment pays for; the first order to claim a payment keeps it.';
