-- +goose Up
-- The tables that decide about money. Order identities outlive the orders
-- themselves: without them a recreated order would be bought again.

CREATE TABLE schema_support (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    oldest_version bigint NOT NULL CHECK (oldest_version > 0)
);
COMMENT ON TABLE schema_support IS 'One row: the oldest schema version whose programs still work with this schema. A migration that breaks them raises it.';
INSERT INTO schema_support (oldest_version) VALUES (1);

CREATE TABLE spend_accounts (
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    account varchar(253) NOT NULL CHECK (account <> ''),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, account)
);
COMMENT ON TABLE spend_accounts IS 'One row per ZMAAccount that ever reserved. Locked by each reservation, so that limits are checked one at a time.';

CREATE TABLE order_identities (
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    source varchar(63) NOT NULL CHECK (source <> ''),
    external_id varchar(253) NOT NULL CHECK (external_id <> ''),
    name varchar(253) NOT NULL,
    uid varchar(64) NOT NULL,
    outcome varchar(16) CHECK (outcome IN ('bought', 'refused', 'cancelled')),
    outcome_reason varchar(256) NOT NULL DEFAULT '',
    record jsonb,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (namespace, source, external_id),
    CONSTRAINT order_identities_closed CHECK ((outcome IS NULL) = (closed_at IS NULL))
);
COMMENT ON TABLE order_identities IS 'One permanent row per order identity, kept through deletion, retention and erasure. With an outcome it is never bought again.';

CREATE TABLE order_attempts (
    namespace varchar(63) NOT NULL,
    source varchar(63) NOT NULL,
    external_id varchar(253) NOT NULL,
    attempt bigint NOT NULL CHECK (attempt BETWEEN 1 AND 1000),
    state varchar(16) NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
    idempotency_key varchar(36) NOT NULL,
    provider_account_id varchar(128) NOT NULL,
    request_id varchar(64) NOT NULL DEFAULT '',
    error_code varchar(64) NOT NULL DEFAULT '',
    reason varchar(256) NOT NULL DEFAULT '',
    max_price_cents bigint NOT NULL CHECK (max_price_cents >= 0),
    unreserved boolean NOT NULL DEFAULT false,
    reserved_at timestamptz NOT NULL,
    settled_at timestamptz,
    released_at timestamptz,
    PRIMARY KEY (namespace, source, external_id, attempt),
    FOREIGN KEY (namespace, source, external_id) REFERENCES order_identities (namespace, source, external_id),
    CONSTRAINT order_attempts_key CHECK (unreserved OR (idempotency_key <> '' AND provider_account_id <> '')),
    CONSTRAINT order_attempts_settled CHECK ((state = 'settled') = (settled_at IS NOT NULL)),
    CONSTRAINT order_attempts_released CHECK (state <> 'released' OR released_at IS NOT NULL),
    CONSTRAINT order_attempts_reserved CHECK (state <> 'reserved' OR released_at IS NULL)
);
COMMENT ON TABLE order_attempts IS 'One row per attempt to buy an order. At most one attempt of an order is reserved at a time.';
-- What a rebuilt ledger records afterwards passes through reserved on its way.
CREATE UNIQUE INDEX order_attempts_one_open ON order_attempts (namespace, source, external_id)
    WHERE state = 'reserved' AND NOT unreserved;
-- One key names one attempt: a key shared by two would make one purchase of both.
CREATE UNIQUE INDEX order_attempts_idempotency_key ON order_attempts (namespace, idempotency_key) WHERE idempotency_key <> '';

CREATE TABLE zma_cost_tracking (
    namespace varchar(63) NOT NULL,
    source varchar(63) NOT NULL,
    external_id varchar(253) NOT NULL,
    attempt bigint NOT NULL,
    account varchar(253) NOT NULL,
    customer_id varchar(128) NOT NULL,
    currency varchar(3) NOT NULL CHECK (currency ~ '^([A-Z]{3})?$'),
    state varchar(16) NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
    estimated_cents bigint NOT NULL CHECK (estimated_cents >= 0),
    max_price_cents bigint NOT NULL CHECK (max_price_cents >= 0),
    subtotal_cents bigint CHECK (subtotal_cents >= 0),
    shipping_cents bigint CHECK (shipping_cents >= 0),
    tax_cents bigint CHECK (tax_cents >= 0),
    adjustment_cents bigint,
    total_cents bigint CHECK (total_cents >= 0),
    variance_cents bigint,
    unreserved boolean NOT NULL DEFAULT false,
    settled_after_release boolean NOT NULL DEFAULT false,
    reserved_at timestamptz NOT NULL,
    settled_at timestamptz,
    released_at timestamptz,
    PRIMARY KEY (namespace, source, external_id, attempt),
    FOREIGN KEY (namespace, source, external_id, attempt) REFERENCES order_attempts (namespace, source, external_id, attempt),
    CONSTRAINT zma_cost_tracking_account CHECK (unreserved OR (account <> '' AND currency <> '')),
    CONSTRAINT zma_cost_tracking_settled CHECK (
        (state = 'settled') = (settled_at IS NOT NULL)
        AND (state = 'settled') = (total_cents IS NOT NULL)
        AND num_nulls(subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, variance_cents) IN (0, 6)),
    CONSTRAINT zma_cost_tracking_released CHECK (state <> 'released' OR released_at IS NOT NULL),
    CONSTRAINT zma_cost_tracking_sum CHECK (subtotal_cents + shipping_cents + tax_cents + adjustment_cents = total_cents),
    CONSTRAINT zma_cost_tracking_variance CHECK (variance_cents = total_cents - estimated_cents)
);
COMMENT ON TABLE zma_cost_tracking IS 'What each attempt reserved and what it cost. Limits and reports are sums over this table. Minor units.';
COMMENT ON COLUMN zma_cost_tracking.reserved_at IS 'The day and month that the attempt counts in, whenever it is settled.';
COMMENT ON COLUMN zma_cost_tracking.unreserved IS 'Recorded without a reservation, as happens to a rebuilt ledger.';
CREATE INDEX zma_cost_tracking_customer ON zma_cost_tracking (namespace, account, customer_id, reserved_at)
    WHERE state <> 'released';
CREATE INDEX zma_cost_tracking_open ON zma_cost_tracking (namespace, account, reserved_at)
    WHERE state = 'reserved';
CREATE INDEX zma_cost_tracking_settled_at ON zma_cost_tracking (namespace, account, settled_at)
    INCLUDE (total_cents) WHERE state = 'settled';

-- Sums of a month must not cost more the more orders there are. Days begin on
-- a quarter of an hour in every time zone, so quarters add up to any day.
CREATE TABLE spend_periods (
    namespace varchar(63) NOT NULL,
    account varchar(253) NOT NULL,
    starts_at timestamptz NOT NULL,
    reserved_cents bigint NOT NULL CHECK (reserved_cents >= 0),
    settled_cents bigint NOT NULL CHECK (settled_cents >= 0),
    PRIMARY KEY (namespace, account, starts_at)
) WITH (fillfactor = 50);
COMMENT ON TABLE spend_periods IS 'Sums of zma_cost_tracking by account and quarter of an hour of the reservation. Kept by its trigger alone.';

-- +goose StatementBegin
CREATE FUNCTION spend_periods_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    quarter timestamptz;
    reserved bigint := 0;
    settled bigint := 0;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        reserved := CASE WHEN NEW.state = 'reserved' THEN NEW.max_price_cents ELSE 0 END;
        settled := CASE WHEN NEW.state = 'settled' THEN NEW.total_cents ELSE 0 END;
        quarter := date_bin('15 minutes', NEW.reserved_at, '2000-01-01 00:00:00+00');
    END IF;
    IF TG_OP <> 'INSERT' THEN
        reserved := reserved - CASE WHEN OLD.state = 'reserved' THEN OLD.max_price_cents ELSE 0 END;
        settled := settled - CASE WHEN OLD.state = 'settled' THEN OLD.total_cents ELSE 0 END;
        quarter := date_bin('15 minutes', OLD.reserved_at, '2000-01-01 00:00:00+00');
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.namespace, OLD.account, OLD.reserved_at) <> (NEW.namespace, NEW.account, NEW.reserved_at) THEN
        RAISE EXCEPTION 'a reservation keeps its account and time' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF reserved = 0 AND settled = 0 THEN
        RETURN NULL;
    END IF;
    UPDATE spend_periods p SET reserved_cents = p.reserved_cents + reserved, settled_cents = p.settled_cents + settled
    WHERE p.namespace = COALESCE(NEW.namespace, OLD.namespace) AND p.account = COALESCE(NEW.account, OLD.account)
        AND p.starts_at = quarter;
    IF NOT FOUND THEN
        INSERT INTO spend_periods AS p (namespace, account, starts_at, reserved_cents, settled_cents)
        VALUES (COALESCE(NEW.namespace, OLD.namespace), COALESCE(NEW.account, OLD.account), quarter, reserved, settled)
        ON CONFLICT (namespace, account, starts_at) DO UPDATE
        SET reserved_cents = p.reserved_cents + EXCLUDED.reserved_cents,
            settled_cents = p.settled_cents + EXCLUDED.settled_cents;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER zma_cost_tracking_periods AFTER INSERT OR UPDATE OR DELETE ON zma_cost_tracking
    FOR EACH ROW EXECUTE FUNCTION spend_periods_follow();
