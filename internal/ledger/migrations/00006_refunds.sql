-- +goose Up
-- Money that came back. It leaves the sums of the day and month in which it was
-- reserved, so that it can be spent again.

ALTER TABLE zma_cost_tracking
    ADD COLUMN refunded_cents bigint NOT NULL DEFAULT 0 CHECK (refunded_cents >= 0),
    ADD COLUMN refunded_at timestamptz,
    ADD CONSTRAINT zma_cost_tracking_refunded CHECK (refunded_cents = 0 OR (state = 'settled' AND refunded_at IS NOT NULL));
COMMENT ON COLUMN zma_cost_tracking.refunded_cents IS 'The sum of order_refunds. The net cost is total_cents less this.';

CREATE TABLE order_refunds (
    namespace varchar(63) NOT NULL,
    source varchar(63) NOT NULL,
    external_id varchar(253) NOT NULL,
    attempt bigint NOT NULL,
    reference varchar(128) NOT NULL CHECK (reference <> ''),
    cents bigint NOT NULL CHECK (cents > 0),
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, source, external_id, attempt, reference),
    FOREIGN KEY (namespace, source, external_id, attempt) REFERENCES zma_cost_tracking (namespace, source, external_id, attempt)
);
COMMENT ON TABLE order_refunds IS 'Each movement of money back from the provider, once. Minor units.';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION spend_periods_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    quarter timestamptz;
    reserved bigint := 0;
    settled bigint := 0;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        reserved := CASE WHEN NEW.state = 'reserved' THEN NEW.max_price_cents ELSE 0 END;
        -- More may come back than was paid; a period never falls below nothing for that.
        settled := CASE WHEN NEW.state = 'settled' THEN GREATEST(0, NEW.total_cents - NEW.refunded_cents) ELSE 0 END;
        quarter := date_bin('15 minutes', NEW.reserved_at, '2000-01-01 00:00:00+00');
    END IF;
    IF TG_OP <> 'INSERT' THEN
        reserved := reserved - CASE WHEN OLD.state = 'reserved' THEN OLD.max_price_cents ELSE 0 END;
        settled := settled - CASE WHEN OLD.state = 'settled' THEN GREATEST(0, OLD.total_cents - OLD.refunded_cents) ELSE 0 END;
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
