-- +goose Up
-- What finance and support people read. Reports sum up by UTC day, never over
-- currencies, and name no person: a customer is the sender's number for one.

ALTER TABLE orders ADD COLUMN retailer varchar(32);
COMMENT ON COLUMN orders.retailer IS 'The retailer bought from, by the provider''s name; empty for rows of earlier versions, until they are mirrored again.';

ALTER TABLE zma_cost_tracking ADD COLUMN retailer varchar(32);
COMMENT ON COLUMN zma_cost_tracking.retailer IS 'The retailer bought from, for reports; empty while the mirror has not seen the order.';

ALTER TABLE order_recovery_logs ADD COLUMN by_hand boolean NOT NULL GENERATED ALWAYS AS (request <> '') STORED;
COMMENT ON COLUMN order_recovery_logs.by_hand IS 'Asked for by a person. Reports read this: what the person wrote is not theirs.';

-- The mirror may be behind a reservation, hardly ever behind the settlement. It is
-- read here, never waited for: a report is no reason to hold up money.
-- +goose StatementBegin
CREATE FUNCTION zma_cost_tracking_name_retailer() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT o.retailer INTO NEW.retailer FROM orders o
    WHERE o.namespace = NEW.namespace AND o.source = NEW.source AND o.external_id = NEW.external_id;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER zma_cost_tracking_retailer BEFORE INSERT OR UPDATE ON zma_cost_tracking
    FOR EACH ROW WHEN (NEW.retailer IS NULL) EXECUTE FUNCTION zma_cost_tracking_name_retailer();

-- Sums over all time must not cost more the more orders there are.
CREATE TABLE spend_days (
    namespace varchar(63) NOT NULL,
    day date NOT NULL,
    account varchar(253) NOT NULL,
    retailer varchar(32) NOT NULL,
    currency varchar(3) NOT NULL,
    reserved_count bigint NOT NULL,
    reserved_cents bigint NOT NULL,
    settled_count bigint NOT NULL,
    estimated_cents bigint NOT NULL,
    settled_cents bigint NOT NULL,
    refunded_count bigint NOT NULL,
    refunded_cents bigint NOT NULL,
    released_count bigint NOT NULL,
    over_count bigint NOT NULL,
    over_cents bigint NOT NULL,
    under_count bigint NOT NULL,
    PRIMARY KEY (namespace, day, account, retailer, currency)
) WITH (fillfactor = 50);
COMMENT ON TABLE spend_days IS 'Sums of zma_cost_tracking by UTC day of the reservation, account, retailer and currency. Kept by its trigger alone.';
COMMENT ON COLUMN spend_days.retailer IS 'Empty where zma_cost_tracking does not name it.';
COMMENT ON COLUMN spend_days.reserved_cents IS 'Reserved prices of attempts that are still open. Minor units.';
COMMENT ON COLUMN spend_days.estimated_cents IS 'Estimates of what was settled. Minor units.';
COMMENT ON COLUMN spend_days.settled_cents IS 'Totals of what was settled, before refunds. Minor units.';
COMMENT ON COLUMN spend_days.over_cents IS 'Sum of what settlements cost more than estimated, without those that cost less. Minor units.';

-- What one row of zma_cost_tracking adds to spend_days.
CREATE FUNCTION spend_days_entry(c zma_cost_tracking) RETURNS spend_days LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, public, pg_temp AS $$
SELECT c.namespace, (c.reserved_at AT TIME ZONE 'UTC')::date, c.account, COALESCE(c.retailer, ''), c.currency,
    (c.state = 'reserved')::integer::bigint,
    CASE WHEN c.state = 'reserved' THEN c.max_price_cents ELSE 0 END,
    (c.state = 'settled')::integer::bigint,
    CASE WHEN c.state = 'settled' THEN c.estimated_cents ELSE 0 END,
    COALESCE(c.total_cents, 0),
    (c.refunded_cents > 0)::integer::bigint,
    c.refunded_cents,
    (c.state = 'released')::integer::bigint,
    COALESCE(c.variance_cents > 0, false)::integer::bigint,
    GREATEST(0, COALESCE(c.variance_cents, 0)),
    COALESCE(c.variance_cents < 0, false)::integer::bigint
$$;

-- +goose StatementBegin
CREATE FUNCTION spend_days_add(e spend_days, sign bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    LOOP
        UPDATE spend_days d SET
            reserved_count = d.reserved_count + sign * e.reserved_count, reserved_cents = d.reserved_cents + sign * e.reserved_cents,
            settled_count = d.settled_count + sign * e.settled_count, estimated_cents = d.estimated_cents + sign * e.estimated_cents,
            settled_cents = d.settled_cents + sign * e.settled_cents,
            refunded_count = d.refunded_count + sign * e.refunded_count, refunded_cents = d.refunded_cents + sign * e.refunded_cents,
            released_count = d.released_count + sign * e.released_count,
            over_count = d.over_count + sign * e.over_count, over_cents = d.over_cents + sign * e.over_cents,
            under_count = d.under_count + sign * e.under_count
        WHERE d.namespace = e.namespace AND d.day = e.day AND d.account = e.account
            AND d.retailer = e.retailer AND d.currency = e.currency;
        EXIT WHEN FOUND;
        -- Two may find no row at once: the second goes round again.
        INSERT INTO spend_days VALUES (e.namespace, e.day, e.account, e.retailer, e.currency, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION spend_days_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before spend_days;
    after spend_days;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := spend_days_entry(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        after := spend_days_entry(NEW);
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (before.namespace, before.day, before.account, before.retailer, before.currency)
            = (after.namespace, after.day, after.account, after.retailer, after.currency) THEN
        after.reserved_count := after.reserved_count - before.reserved_count;
        after.reserved_cents := after.reserved_cents - before.reserved_cents;
        after.settled_count := after.settled_count - before.settled_count;
        after.estimated_cents := after.estimated_cents - before.estimated_cents;
        after.settled_cents := after.settled_cents - before.settled_cents;
        after.refunded_count := after.refunded_count - before.refunded_count;
        after.refunded_cents := after.refunded_cents - before.refunded_cents;
        after.released_count := after.released_count - before.released_count;
        after.over_count := after.over_count - before.over_count;
        after.over_cents := after.over_cents - before.over_cents;
        after.under_count := after.under_count - before.under_count;
        PERFORM spend_days_add(after, 1);
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM spend_days_add(before, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM spend_days_add(after, 1);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- The trigger waits for writers under way; what is there is added up after it
-- stands, so that nothing is missed and nothing counted twice.
CREATE TRIGGER zma_cost_tracking_spend_days AFTER INSERT OR UPDATE OR DELETE ON zma_cost_tracking
    FOR EACH ROW EXECUTE FUNCTION spend_days_follow();
INSERT INTO spend_days
SELECT e.namespace, e.day, e.account, e.retailer, e.currency,
    sum(e.reserved_count), sum(e.reserved_cents), sum(e.settled_count), sum(e.estimated_cents), sum(e.settled_cents),
    sum(e.refunded_count), sum(e.refunded_cents), sum(e.released_count), sum(e.over_count), sum(e.over_cents), sum(e.under_count)
FROM zma_cost_tracking c CROSS JOIN LATERAL spend_days_entry(c) e
GROUP BY 1, 2, 3, 4, 5;

-- Each report names days, and reads no more than it names. Row level security lets an
-- index be searched by what can't leak a row: by the time itself, not by a day that is
-- made of it. Base columns are included where the index alone can answer.
CREATE INDEX zma_cost_tracking_reserved_at ON zma_cost_tracking (reserved_at);
CREATE INDEX orders_created_at ON orders (created_at)
    INCLUDE (namespace, account, retailer, status_reason, currency, total_cents, deleted_at, placed_at, delivered_at);
CREATE INDEX orders_not_ended ON orders (namespace, status_reason)
    WHERE deleted_at IS NULL AND status_reason NOT IN ('Delivered', 'Cancelled', 'Denied', 'Invalid', 'Rejected', 'Abandoned', 'NameMismatch');
CREATE INDEX order_recovery_logs_started_at ON order_recovery_logs (started_at);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (at);
CREATE INDEX email_outbox_created_at ON email_outbox (created_at);

-- Functions below give the days of a time zone, first and last included, and the view
-- of the same name all days of UTC. No time zone is a day or more from UTC: what they
-- read is a day wider than what they give. They have no search_path of their own, so
-- that they become part of the query and are planned with it.

CREATE VIEW report_open_orders WITH (security_invoker = true) AS
SELECT o.namespace, o.source, o.external_id, o.name, o.account, o.retailer, o.status_reason AS state, o.stalled, o.attempt,
    o.currency, o.total_cents, o.created_at, s.since AS state_since,
    GREATEST(0, extract(epoch FROM now() - o.created_at))::bigint AS age_seconds,
    GREATEST(0, extract(epoch FROM now() - s.since))::bigint AS state_seconds,
    (CASE WHEN now() - s.since < interval '1 hour' THEN '1 under 1 hour'
        WHEN now() - s.since < interval '1 day' THEN '2 under 1 day'
        WHEN now() - s.since < interval '7 days' THEN '3 under 7 days'
        WHEN now() - s.since < interval '30 days' THEN '4 under 30 days'
        ELSE '5 30 days and more' END)::varchar(20) AS state_age
FROM orders o
CROSS JOIN LATERAL (SELECT COALESCE((o.history -> -1 ->> 'at')::timestamptz, o.created_at) AS since OFFSET 0) s
WHERE o.deleted_at IS NULL AND o.status_reason NOT IN ('Delivered', 'Cancelled', 'Denied', 'Invalid', 'Rejected', 'Abandoned', 'NameMismatch');
COMMENT ON VIEW report_open_orders IS 'One row per order in the cluster that has not ended, with its state and how long it has been in it.';
COMMENT ON COLUMN report_open_orders.state IS 'Reason of Ready when last mirrored.';
COMMENT ON COLUMN report_open_orders.state_since IS 'Last transition of Ready; the creation when there is none yet.';
COMMENT ON COLUMN report_open_orders.state_age IS 'Band of state_seconds; the digit sorts.';

CREATE VIEW report_open_orders_by_state WITH (security_invoker = true) AS
SELECT namespace, account, state, state_age, currency, count(*) AS orders, sum(total_cents)::bigint AS total_cents,
    min(state_since) AS oldest_since, max(state_seconds) AS oldest_seconds
FROM report_open_orders
GROUP BY namespace, account, state, state_age, currency;
COMMENT ON VIEW report_open_orders_by_state IS 'Open orders counted by state and by how long they have been in it.';
COMMENT ON COLUMN report_open_orders_by_state.total_cents IS 'What customers were charged, in the currency of the row. Minor units.';

-- +goose StatementBegin
CREATE FUNCTION report_orders_by_day(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, account varchar, retailer varchar, state varchar, currency varchar,
    orders bigint, deleted_orders bigint, placed_orders bigint, delivered_orders bigint, total_cents bigint)
LANGUAGE sql STABLE AS $$
SELECT namespace, (created_at AT TIME ZONE tz)::date AS day, account, retailer, status_reason AS state, currency,
    count(*) AS orders, count(deleted_at) AS deleted_orders, count(placed_at) AS placed_orders, count(delivered_at) AS delivered_orders,
    sum(total_cents)::bigint AS total_cents
FROM orders
WHERE created_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND created_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (created_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
GROUP BY namespace, (created_at AT TIME ZONE tz)::date, account, retailer, status_reason, currency
$$;
-- +goose StatementEnd
CREATE VIEW report_orders_by_day WITH (security_invoker = true) AS SELECT * FROM report_orders_by_day('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_orders_by_day IS 'Orders by UTC day of creation and the state last seen, ended and deleted ones included.';
COMMENT ON COLUMN report_orders_by_day.deleted_orders IS 'Of these, orders that have left the cluster.';
COMMENT ON COLUMN report_orders_by_day.total_cents IS 'What customers were charged, in the currency of the row. Minor units.';

CREATE VIEW report_orders_by_state WITH (security_invoker = true) AS
SELECT namespace, status_reason AS state, count(*) AS orders
FROM orders GROUP BY namespace, status_reason;
COMMENT ON VIEW report_orders_by_state IS 'Orders of all time by the state last seen, ended and deleted ones included.';

CREATE VIEW report_spend_by_day WITH (security_invoker = true) AS
SELECT namespace, day, account, NULLIF(retailer, '')::varchar(32) AS retailer, currency,
    reserved_count AS reserved_attempts, reserved_cents, settled_count AS settled_attempts, settled_cents,
    refunded_count AS refunded_attempts, refunded_cents, settled_cents - refunded_cents AS net_cents, released_count AS released_attempts
FROM spend_days;
COMMENT ON VIEW report_spend_by_day IS 'Spend by UTC day of the reservation, account, retailer and currency.';
COMMENT ON COLUMN report_spend_by_day.retailer IS 'Empty where it is not known.';
COMMENT ON COLUMN report_spend_by_day.reserved_cents IS 'Reserved prices of attempts that are neither settled nor released. Minor units.';
COMMENT ON COLUMN report_spend_by_day.net_cents IS 'Settled less refunded. Minor units.';

CREATE VIEW report_spend_by_account WITH (security_invoker = true) AS
SELECT namespace, account, currency, min(day) AS first_day, max(day) AS last_day,
    sum(reserved_count)::bigint AS reserved_attempts, sum(reserved_cents)::bigint AS reserved_cents,
    sum(settled_count)::bigint AS settled_attempts, sum(settled_cents)::bigint AS settled_cents,
    sum(refunded_cents)::bigint AS refunded_cents, sum(settled_cents - refunded_cents)::bigint AS net_cents
FROM spend_days
GROUP BY namespace, account, currency;
COMMENT ON VIEW report_spend_by_account IS 'Spend of all time by account and currency.';

CREATE VIEW report_spend_by_retailer WITH (security_invoker = true) AS
SELECT namespace, NULLIF(retailer, '')::varchar(32) AS retailer, currency, min(day) AS first_day, max(day) AS last_day,
    sum(reserved_count)::bigint AS reserved_attempts, sum(reserved_cents)::bigint AS reserved_cents,
    sum(settled_count)::bigint AS settled_attempts, sum(settled_cents)::bigint AS settled_cents,
    sum(refunded_cents)::bigint AS refunded_cents, sum(settled_cents - refunded_cents)::bigint AS net_cents
FROM spend_days
GROUP BY namespace, retailer, currency;
COMMENT ON VIEW report_spend_by_retailer IS 'Spend of all time by retailer and currency.';

-- +goose StatementBegin
CREATE FUNCTION report_spend_by_customer(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, account varchar, customer_id varchar, currency varchar,
    reserved_attempts bigint, reserved_cents bigint, settled_attempts bigint, settled_cents bigint, refunded_cents bigint, net_cents bigint)
LANGUAGE sql STABLE AS $$
SELECT namespace, (reserved_at AT TIME ZONE tz)::date AS day, account, customer_id, currency,
    count(*) FILTER (WHERE state = 'reserved') AS reserved_attempts,
    COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0)::bigint AS reserved_cents,
    count(total_cents) AS settled_attempts, COALESCE(sum(total_cents), 0)::bigint AS settled_cents,
    sum(refunded_cents)::bigint AS refunded_cents, COALESCE(sum(total_cents - refunded_cents), 0)::bigint AS net_cents
FROM zma_cost_tracking
WHERE reserved_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND reserved_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (reserved_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
GROUP BY namespace, (reserved_at AT TIME ZONE tz)::date, account, customer_id, currency
$$;
-- +goose StatementEnd
CREATE VIEW report_spend_by_customer WITH (security_invoker = true) AS SELECT * FROM report_spend_by_customer('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_spend_by_customer IS 'Spend by UTC day of the reservation and customer.';
COMMENT ON COLUMN report_spend_by_customer.customer_id IS 'The sender''s number for the customer.';

-- +goose StatementBegin
CREATE FUNCTION report_costs(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, source varchar, external_id varchar, attempt bigint, day date, account varchar, retailer varchar,
    currency varchar, state varchar, estimated_cents bigint, max_price_cents bigint, subtotal_cents bigint, shipping_cents bigint,
    tax_cents bigint, adjustment_cents bigint, total_cents bigint, refunded_cents bigint, net_cents bigint, variance_cents bigint,
    variance_percent numeric, unreserved boolean, settled_after_release boolean,
    reserved_at timestamptz, settled_at timestamptz, released_at timestamptz)
LANGUAGE sql STABLE AS $$
SELECT namespace, source, external_id, attempt, (reserved_at AT TIME ZONE tz)::date AS day, account, retailer, currency, state,
    estimated_cents, max_price_cents, subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, refunded_cents,
    total_cents - refunded_cents AS net_cents, variance_cents,
    round(100.0 * variance_cents / NULLIF(estimated_cents, 0), 2) AS variance_percent,
    unreserved, settled_after_release, reserved_at, settled_at, released_at
FROM zma_cost_tracking
WHERE reserved_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND reserved_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (reserved_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
$$;
-- +goose StatementEnd
CREATE VIEW report_costs WITH (security_invoker = true) AS SELECT * FROM report_costs('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_costs IS 'One row per attempt: what was estimated, reserved, paid and refunded. For export and for looking into a sum.';
COMMENT ON COLUMN report_costs.variance_percent IS 'Variance in percent of the estimate; empty without an estimate.';
COMMENT ON COLUMN report_costs.unreserved IS 'Recorded without a reservation, as happens to a rebuilt ledger.';

CREATE VIEW report_variance_by_day WITH (security_invoker = true) AS
SELECT namespace, day, account, NULLIF(retailer, '')::varchar(32) AS retailer, currency, settled_count AS settled_attempts,
    estimated_cents, settled_cents, settled_cents - estimated_cents AS variance_cents,
    round(100.0 * (settled_cents - estimated_cents) / NULLIF(estimated_cents, 0), 2) AS variance_percent,
    over_count AS over_attempts, over_cents, under_count AS under_attempts
FROM spend_days
WHERE settled_count <> 0;
COMMENT ON VIEW report_variance_by_day IS 'Estimate against actual cost of what was settled, by UTC day of the reservation.';
COMMENT ON COLUMN report_variance_by_day.variance_cents IS 'Actual less estimate: above zero cost more than estimated. Minor units.';
COMMENT ON COLUMN report_variance_by_day.over_cents IS 'What those that cost more cost too much; variance_cents sets those that cost less against it. Minor units.';

-- +goose StatementBegin
CREATE FUNCTION report_recoveries_by_day(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, verb varchar, by_hand boolean, recoveries bigint, orders bigint, bought bigint,
    ended_otherwise bigint, closed_before bigint, open bigint, median_seconds_to_bought bigint)
LANGUAGE sql STABLE AS $$
SELECT r.namespace, (r.started_at AT TIME ZONE tz)::date AS day, r.verb, r.by_hand,
    count(*) AS recoveries, count(DISTINCT (r.source, r.external_id)) AS orders,
    count(*) FILTER (WHERE i.closed_at >= r.started_at AND i.outcome = 'bought') AS bought,
    count(*) FILTER (WHERE i.closed_at >= r.started_at AND i.outcome <> 'bought') AS ended_otherwise,
    count(*) FILTER (WHERE i.closed_at < r.started_at) AS closed_before,
    count(*) FILTER (WHERE i.closed_at IS NULL) AS open,
    (percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM i.closed_at - r.started_at))
        FILTER (WHERE i.closed_at >= r.started_at AND i.outcome = 'bought'))::bigint AS median_seconds_to_bought
FROM order_recovery_logs r
LEFT JOIN order_identities i USING (namespace, source, external_id)
WHERE r.started_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND r.started_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (r.started_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
GROUP BY r.namespace, (r.started_at AT TIME ZONE tz)::date, r.verb, r.by_hand
$$;
-- +goose StatementEnd
CREATE VIEW report_recoveries_by_day WITH (security_invoker = true) AS SELECT * FROM report_recoveries_by_day('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_recoveries_by_day IS 'Recoveries by UTC day and verb, with what became of their orders. An order recovered twice counts in both.';
COMMENT ON COLUMN report_recoveries_by_day.by_hand IS 'Asked for by a person.';
COMMENT ON COLUMN report_recoveries_by_day.closed_before IS 'The books of the order were closed before the recovery began.';
COMMENT ON COLUMN report_recoveries_by_day.open IS 'The order has no outcome yet, or never reserved money.';

-- +goose StatementBegin
CREATE FUNCTION report_webhooks_by_day(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, source varchar, route varchar, requests bigint, succeeded bigint, refused bigint, failed bigint,
    security_events bigint, success_percent numeric, median_us bigint, p95_us bigint)
LANGUAGE sql STABLE AS $$
SELECT namespace, (at AT TIME ZONE tz)::date AS day, source, route, count(*) AS requests,
    count(*) FILTER (WHERE status BETWEEN 200 AND 299) AS succeeded,
    count(*) FILTER (WHERE status BETWEEN 400 AND 499) AS refused,
    count(*) FILTER (WHERE status NOT BETWEEN 200 AND 499) AS failed,
    count(*) FILTER (WHERE security_event <> '') AS security_events,
    round(100.0 * count(*) FILTER (WHERE status BETWEEN 200 AND 299) / count(*), 2) AS success_percent,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_us) AS median_us,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_us) AS p95_us
FROM webhook_deliveries
WHERE at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
GROUP BY namespace, (at AT TIME ZONE tz)::date, source, route
$$;
-- +goose StatementEnd
CREATE VIEW report_webhooks_by_day WITH (security_invoker = true) AS SELECT * FROM report_webhooks_by_day('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_webhooks_by_day IS 'Inbound requests by UTC day, source and route.';
COMMENT ON COLUMN report_webhooks_by_day.succeeded IS 'Answered with 2xx, repeats included.';
COMMENT ON COLUMN report_webhooks_by_day.refused IS 'Answered with 4xx: the sender''s fault, or its limit.';
COMMENT ON COLUMN report_webhooks_by_day.failed IS 'Answered with 5xx, or not at all.';

-- +goose StatementBegin
CREATE FUNCTION report_mails_by_day(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, policy varchar, kind varchar, queued bigint, sent bigint, waiting bigint, dead bigint,
    repeated bigint, unsure bigint, success_percent numeric, median_seconds bigint)
LANGUAGE sql STABLE AS $$
SELECT namespace, (created_at AT TIME ZONE tz)::date AS day, policy, kind, count(*) AS queued,
    count(*) FILTER (WHERE state = 'sent') AS sent,
    count(*) FILTER (WHERE state IN ('pending', 'sending')) AS waiting,
    count(*) FILTER (WHERE state = 'dead') AS dead,
    count(*) FILTER (WHERE attempts > 1) AS repeated,
    count(*) FILTER (WHERE unsure) AS unsure,
    round(100.0 * count(*) FILTER (WHERE state = 'sent') / NULLIF(count(*) FILTER (WHERE state IN ('sent', 'dead')), 0), 2) AS success_percent,
    (percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)) FILTER (WHERE state = 'sent'))::bigint AS median_seconds
FROM email_outbox
WHERE created_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND created_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (created_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
GROUP BY namespace, (created_at AT TIME ZONE tz)::date, policy, kind
$$;
-- +goose StatementEnd
CREATE VIEW report_mails_by_day WITH (security_invoker = true) AS SELECT * FROM report_mails_by_day('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_mails_by_day IS 'Mails by the UTC day on which they were queued, policy and kind.';
COMMENT ON COLUMN report_mails_by_day.success_percent IS 'Sent out of those that are sent or dead; empty while all wait.';
COMMENT ON COLUMN report_mails_by_day.unsure IS 'May have gone out twice, or not at all.';

-- The history is unpacked once for each order, not once for each step.
-- +goose StatementBegin
CREATE FUNCTION report_order_steps(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, source varchar, external_id varchar, name varchar, account varchar, day date, "position" integer,
    step varchar, attempt bigint, entered_at timestamptz, left_at timestamptz, seconds bigint)
LANGUAGE sql STABLE AS $$
SELECT o.namespace, o.source, o.external_id, o.name, o.account, (o.created_at AT TIME ZONE tz)::date AS day, h.position::integer AS position,
    (h.entry ->> 'reason')::varchar(64) AS step, COALESCE((h.entry ->> 'attempt')::bigint, 0) AS attempt, h.entered_at, h.left_at,
    CASE WHEN h.left_at IS NOT NULL THEN GREATEST(0, extract(epoch FROM h.left_at - h.entered_at))::bigint END AS seconds
FROM orders o CROSS JOIN LATERAL (
    SELECT e.entry, e.position, e.entered_at, lead(e.entered_at) OVER (ORDER BY e.position) AS left_at
    FROM (SELECT x.entry, x.position, (x.entry ->> 'at')::timestamptz AS entered_at
        FROM jsonb_array_elements(o.history) WITH ORDINALITY x (entry, position)) e
) h
WHERE o.created_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND o.created_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (o.created_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
$$;
-- +goose StatementEnd
CREATE VIEW report_order_steps WITH (security_invoker = true) AS SELECT * FROM report_order_steps('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_order_steps IS 'One row per state that an order was in, from its last 20 transitions, by the UTC day of its creation.';
COMMENT ON COLUMN report_order_steps.position IS 'Place among the transitions on record, from 1.';
COMMENT ON COLUMN report_order_steps.left_at IS 'Empty for the state that the order is in.';

-- +goose StatementBegin
CREATE FUNCTION report_step_times_by_day(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, account varchar, step varchar, orders bigint, median_seconds bigint, p95_seconds bigint,
    longest_seconds bigint)
LANGUAGE sql STABLE AS $$
SELECT o.namespace, (o.created_at AT TIME ZONE tz)::date AS day, o.account, s.step::varchar(32) AS step, count(*) AS orders,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY s.seconds) AS median_seconds,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY s.seconds) AS p95_seconds,
    max(s.seconds) AS longest_seconds
FROM orders o
CROSS JOIN LATERAL (VALUES
    ('created to placed', extract(epoch FROM o.placed_at - o.created_at)::bigint),
    ('placed to delivered', extract(epoch FROM o.delivered_at - o.placed_at)::bigint),
    ('created to delivered', extract(epoch FROM o.delivered_at - o.created_at)::bigint)) s (step, seconds)
WHERE o.created_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND o.created_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (o.created_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day AND s.seconds >= 0
GROUP BY o.namespace, (o.created_at AT TIME ZONE tz)::date, o.account, s.step
$$;
-- +goose StatementEnd
CREATE VIEW report_step_times_by_day WITH (security_invoker = true) AS SELECT * FROM report_step_times_by_day('UTC', '-infinity', 'infinity');
COMMENT ON VIEW report_step_times_by_day IS 'How long orders took from creation to placement to delivery, by the UTC day of their creation. Orders that are not there yet do not count.';

-- +goose StatementBegin
CREATE FUNCTION report_spend_by_day(tz text, first_day date, last_day date)
RETURNS TABLE (namespace varchar, day date, account varchar, retailer varchar, currency varchar,
    reserved_attempts bigint, reserved_cents bigint, settled_attempts bigint, settled_cents bigint,
    refunded_attempts bigint, refunded_cents bigint, net_cents bigint, released_attempts bigint)
LANGUAGE sql STABLE AS $$
SELECT c.namespace, (c.reserved_at AT TIME ZONE tz)::date, c.account, c.retailer, c.currency,
    count(*) FILTER (WHERE c.state = 'reserved'), COALESCE(sum(c.max_price_cents) FILTER (WHERE c.state = 'reserved'), 0)::bigint,
    count(c.total_cents), COALESCE(sum(c.total_cents), 0)::bigint,
    count(*) FILTER (WHERE c.refunded_cents > 0), sum(c.refunded_cents)::bigint,
    COALESCE(sum(c.total_cents - c.refunded_cents), 0)::bigint, count(*) FILTER (WHERE c.state = 'released')
FROM zma_cost_tracking c
WHERE c.reserved_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND c.reserved_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (c.reserved_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day
GROUP BY 1, 2, 3, 4, 5
$$;
-- +goose StatementEnd

-- Who spends the most, for those who may not know whom: a customer is a keyed hash, so
-- that nobody can try out numbers. It runs as its owner, and finds out by itself
-- whose rows the login reads.
-- +goose StatementBegin
CREATE FUNCTION report_top_customers(tz text, first_day date, last_day date, most integer)
RETURNS TABLE (namespace varchar, account varchar, currency varchar, customer varchar,
    settled_attempts bigint, settled_cents bigint, refunded_cents bigint, net_cents bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
SELECT s.namespace, s.account, s.currency,
    left(encode(sha256(k.secret || convert_to('report_top_customers ' || s.namespace || ' ' || s.customer_id, 'UTF8')), 'hex'), 12),
    s.settled_attempts, s.settled_cents, s.refunded_cents, s.net_cents
FROM (
    SELECT c.namespace, c.account, c.currency, c.customer_id, count(*) AS settled_attempts, sum(c.total_cents)::bigint AS settled_cents,
        sum(c.refunded_cents)::bigint AS refunded_cents, sum(c.total_cents - c.refunded_cents)::bigint AS net_cents
    FROM zma_cost_tracking c
    WHERE c.namespace IN (SELECT r.namespace FROM reporter_namespaces r WHERE r.role_name = SESSION_USER::text)
        AND c.reserved_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC' AND c.reserved_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
        AND (c.reserved_at AT TIME ZONE tz)::date BETWEEN first_day AND last_day AND c.total_cents IS NOT NULL AND c.customer_id <> ''
    GROUP BY c.namespace, c.account, c.currency, c.customer_id
    ORDER BY net_cents DESC, c.namespace, c.account, c.currency, c.customer_id LIMIT GREATEST(0, LEAST(most, 1000))
) s CROSS JOIN rate_limit_secret k
ORDER BY s.net_cents DESC, 4
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION report_top_customers(text, date, date, integer) IS 'Customers who spent the most, 1000 at most, of the namespaces that the login reads. The customer is a keyed hash; it changes with rate_limit_secret.';

-- Who may read what. Spend by customer, by name, is left to the auditor.
SELECT zma_secure('spend_days');
SELECT zma_permit('spend_days', 'zma_reporter', 'SELECT');
SELECT zma_permit('orders', 'zma_reporter', 'SELECT (namespace, source, external_id, name, account, retailer, status_reason, stalled, attempt, currency, total_cents, history, created_at, placed_at, delivered_at, deleted_at)');
SELECT zma_permit('zma_cost_tracking', 'zma_reporter', 'SELECT (namespace, source, external_id, attempt, account, retailer, currency, state, estimated_cents, max_price_cents, subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, refunded_cents, variance_cents, unreserved, settled_after_release, reserved_at, settled_at, released_at)');
SELECT zma_permit('order_identities', 'zma_reporter', 'SELECT (namespace, source, external_id, outcome, closed_at)');
SELECT zma_permit('order_recovery_logs', 'zma_reporter', 'SELECT (namespace, source, external_id, verb, by_hand, started_at)');
SELECT zma_permit('webhook_deliveries', 'zma_reporter', 'SELECT (namespace, source, route, status, security_event, duration_us, at)');
SELECT zma_permit('email_outbox', 'zma_reporter', 'SELECT (namespace, policy, kind, state, attempts, unsure, created_at, sent_at)');
SELECT zma_secure('report_open_orders');
SELECT zma_permit('report_open_orders', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_open_orders_by_state');
SELECT zma_permit('report_open_orders_by_state', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_orders_by_day');
SELECT zma_permit('report_orders_by_day', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_orders_by_state');
SELECT zma_permit('report_orders_by_state', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_spend_by_day');
SELECT zma_permit('report_spend_by_day', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_spend_by_account');
SELECT zma_permit('report_spend_by_account', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_spend_by_retailer');
SELECT zma_permit('report_spend_by_retailer', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_spend_by_customer');
SELECT zma_secure('report_costs');
SELECT zma_permit('report_costs', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_variance_by_day');
SELECT zma_permit('report_variance_by_day', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_recoveries_by_day');
SELECT zma_permit('report_recoveries_by_day', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_webhooks_by_day');
SELECT zma_permit('report_webhooks_by_day', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_mails_by_day');
SELECT zma_permit('report_mails_by_day', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_order_steps');
SELECT zma_permit('report_order_steps', 'zma_reporter', 'SELECT');
SELECT zma_secure('report_step_times_by_day');
SELECT zma_permit('report_step_times_by_day', 'zma_reporter', 'SELECT');
REVOKE ALL ON FUNCTION zma_cost_tracking_name_retailer() FROM PUBLIC;
REVOKE ALL ON FUNCTION spend_days_entry(zma_cost_tracking) FROM PUBLIC;
REVOKE ALL ON FUNCTION spend_days_add(spend_days, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION spend_days_follow() FROM PUBLIC;
-- +goose StatementBegin
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'report\_%' LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        IF f <> 'report_top_customers(text, date, date, integer)'::regprocedure THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zma_auditor', f);
        END IF;
        IF f <> 'report_spend_by_customer(text, date, date)'::regprocedure THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zma_reporter', f);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd
