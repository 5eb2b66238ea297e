-- +goose Up
-- What makes two orders of a customer alike, so that the second one is seen as soon as
-- the first has its money, before the mirror has either. Empty is not known: what
-- earlier versions have reserved, and go on reserving while this one is rolled out.

ALTER TABLE zma_cost_tracking ADD COLUMN contents_digest varchar(64);
COMMENT ON COLUMN zma_cost_tracking.contents_digest IS 'SHA-256 over customer, items, address and total: personal data, kept and erased with customer_id. Empty when not known.';
SELECT zma_permit('zma_cost_tracking', 'zma_operator', 'UPDATE (contents_digest)');

-- A customer's orders are counted while others wait, whichever account paid.
CREATE INDEX zma_cost_tracking_by_customer ON zma_cost_tracking (namespace, customer_id, reserved_at)
    WHERE state <> 'released';
