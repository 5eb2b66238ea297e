-- +goose Up
-- The books as double entry. Triggers post, so that no program, this one's earlier
-- versions included, and no person can move money past the journal.

CREATE TABLE journal_transactions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    namespace varchar(63) NOT NULL CHECK (namespace <> ''),
    source varchar(63) NOT NULL CHECK (source <> ''),
    external_id varchar(253) NOT NULL CHECK (external_id <> ''),
    attempt bigint NOT NULL CHECK (attempt BETWEEN 1 AND 1000),
    kind varchar(16) NOT NULL CHECK (kind IN ('reserve', 'settle', 'release', 'refund', 'adjust')),
    reference varchar(128) NOT NULL CHECK ((reference <> '') = (kind IN ('refund', 'adjust'))),
    account varchar(253) NOT NULL,
    currency varchar(3) NOT NULL CHECK (currency ~ '^([A-Z]{3})?$'),
    at timestamptz NOT NULL,
    PRIMARY KEY (namespace, id),
    CONSTRAINT journal_transactions_once UNIQUE (namespace, source, external_id, attempt, kind, reference)
);
COMMENT ON TABLE journal_transactions IS 'Each movement of an attempt''s money, once by kind and reference. Append-only, posted by triggers; holds no personal data.';
COMMENT ON COLUMN journal_transactions.reference IS 'Of a refund, the provider''s; of an adjustment, its number; otherwise empty.';
COMMENT ON COLUMN journal_transactions.account IS 'The ZMAAccount; empty where a rebuilt ledger does not know it.';
COMMENT ON COLUMN journal_transactions.at IS 'When it was reserved, settled, released, refunded or adjusted.';

CREATE TABLE journal_entries (
    namespace varchar(63) NOT NULL,
    transaction_id bigint NOT NULL,
    ledger_account varchar(16) NOT NULL CHECK (ledger_account IN
        ('available', 'reserved', 'subtotal', 'shipping', 'tax', 'adjustment', 'refunds')),
    debit_cents bigint NOT NULL CHECK (debit_cents >= 0),
    credit_cents bigint NOT NULL CHECK (credit_cents >= 0),
    PRIMARY KEY (namespace, transaction_id, ledger_account),
    FOREIGN KEY (namespace, transaction_id) REFERENCES journal_transactions (namespace, id),
    CONSTRAINT journal_entries_one_side CHECK ((debit_cents > 0) <> (credit_cents > 0))
);
COMMENT ON TABLE journal_entries IS 'The debits and credits of journal_transactions; those of one sum to zero. Append-only. Minor units.';

-- +goose StatementBegin
CREATE FUNCTION journal_is_append_only() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

-- What each statement adds to a transaction must balance by itself: then the
-- whole does, and no statement has to read what others have added.
-- +goose StatementBegin
CREATE FUNCTION journal_entries_balance() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY namespace, transaction_id HAVING sum(debit_cents) <> sum(credit_cents)) THEN
        RAISE EXCEPTION 'journal entries do not balance'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'journal_entries_balance';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION journal_entries_balance();

-- Posts one transaction. Amounts are debits, minor units; available takes the other
-- side, so that entries can't but balance. A movement of nothing is not posted.
-- +goose StatementBegin
CREATE FUNCTION journal_post(cost zma_cost_tracking, posted_kind text, posted_reference text, posted_at timestamptz,
    reserved bigint, subtotal bigint, shipping bigint, tax bigint, adjustment bigint, refunds bigint)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    posted bigint;
BEGIN
    IF num_nulls(NULLIF(reserved, 0), NULLIF(subtotal, 0), NULLIF(shipping, 0), NULLIF(tax, 0),
        NULLIF(adjustment, 0), NULLIF(refunds, 0)) = 6 THEN
        RETURN;
    END IF;
    IF posted_kind <> 'adjust' THEN
        INSERT INTO journal_transactions (namespace, source, external_id, attempt, kind, reference, account, currency, at)
        VALUES (cost.namespace, cost.source, cost.external_id, cost.attempt, posted_kind, posted_reference,
            cost.account, cost.currency, posted_at)
        ON CONFLICT ON CONSTRAINT journal_transactions_once DO NOTHING
        RETURNING id INTO posted;
    END IF;
    -- A row that was removed by hand and written again moves money a second time:
    -- an adjustment, since each kind is posted once.
    IF posted IS NULL THEN
        INSERT INTO journal_transactions (namespace, source, external_id, attempt, kind, reference, account, currency, at)
        SELECT cost.namespace, cost.source, cost.external_id, cost.attempt, 'adjust', count(*) + 1,
            cost.account, cost.currency, posted_at
        FROM journal_transactions t
        WHERE t.namespace = cost.namespace AND t.source = cost.source AND t.external_id = cost.external_id
            AND t.attempt = cost.attempt AND t.kind = 'adjust'
        RETURNING id INTO posted;
    END IF;
    INSERT INTO journal_entries (namespace, transaction_id, ledger_account, debit_cents, credit_cents)
    SELECT cost.namespace, posted, e.ledger_account, GREATEST(e.cents, 0), GREATEST(-e.cents, 0)
    FROM (VALUES ('available', -(reserved + subtotal + shipping + tax + adjustment + refunds)),
        ('reserved', reserved), ('subtotal', subtotal), ('shipping', shipping), ('tax', tax),
        ('adjustment', adjustment), ('refunds', refunds)) AS e (ledger_account, cents)
    WHERE e.cents <> 0;
END
$$;
-- +goose StatementEnd

-- Posts what a change of a row of zma_cost_tracking has moved. What came back is
-- posted with its row of order_refunds.
-- +goose StatementBegin
CREATE FUNCTION zma_cost_tracking_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted_kind text := 'adjust';
    posted_at timestamptz := statement_timestamp();
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM journal_post(OLD, posted_kind, '', posted_at,
            -CASE WHEN OLD.state = 'reserved' THEN OLD.max_price_cents ELSE 0 END,
            -COALESCE(OLD.subtotal_cents, 0), -COALESCE(OLD.shipping_cents, 0), -COALESCE(OLD.tax_cents, 0),
            -COALESCE(OLD.adjustment_cents, 0), 0);
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.source, OLD.external_id, OLD.attempt, OLD.currency)
        <> (NEW.source, NEW.external_id, NEW.attempt, NEW.currency) THEN
        RAISE EXCEPTION 'a cost keeps its order and currency' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR OLD.state <> NEW.state THEN
        CASE NEW.state
            WHEN 'reserved' THEN posted_kind := 'reserve'; posted_at := NEW.reserved_at;
            WHEN 'settled' THEN posted_kind := 'settle'; posted_at := NEW.settled_at;
            ELSE posted_kind := 'release'; posted_at := NEW.released_at;
        END CASE;
    END IF;
    PERFORM journal_post(NEW, posted_kind, '', posted_at,
        CASE WHEN NEW.state = 'reserved' THEN NEW.max_price_cents ELSE 0 END
            - CASE WHEN OLD.state = 'reserved' THEN OLD.max_price_cents ELSE 0 END,
        COALESCE(NEW.subtotal_cents, 0) - COALESCE(OLD.subtotal_cents, 0),
        COALESCE(NEW.shipping_cents, 0) - COALESCE(OLD.shipping_cents, 0),
        COALESCE(NEW.tax_cents, 0) - COALESCE(OLD.tax_cents, 0),
        COALESCE(NEW.adjustment_cents, 0) - COALESCE(OLD.adjustment_cents, 0), 0);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- A row that is changed by hand is posted as what it was taken back, and what it is
-- added: its reference may be what changed.
-- +goose StatementBegin
CREATE FUNCTION order_refunds_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cost zma_cost_tracking;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT * INTO STRICT cost FROM zma_cost_tracking c
        WHERE c.namespace = OLD.namespace AND c.source = OLD.source AND c.external_id = OLD.external_id AND c.attempt = OLD.attempt;
        PERFORM journal_post(cost, 'adjust', '', statement_timestamp(), 0, 0, 0, 0, 0, OLD.cents);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT * INTO STRICT cost FROM zma_cost_tracking c
        WHERE c.namespace = NEW.namespace AND c.source = NEW.source AND c.external_id = NEW.external_id AND c.attempt = NEW.attempt;
        PERFORM journal_post(cost, 'refund', NEW.reference, NEW.booked_at, 0, 0, 0, 0, 0, -NEW.cents);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Programs of the version before may be writing: they wait until the rows of
-- before are posted. Tables are locked in the order in which a refund writes them.
LOCK TABLE order_refunds IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE zma_cost_tracking IN SHARE ROW EXCLUSIVE MODE;
CREATE TRIGGER zma_cost_tracking_journal AFTER INSERT OR UPDATE OR DELETE ON zma_cost_tracking
    FOR EACH ROW EXECUTE FUNCTION zma_cost_tracking_post();
CREATE TRIGGER order_refunds_journal AFTER INSERT OR UPDATE OR DELETE ON order_refunds
    FOR EACH ROW EXECUTE FUNCTION order_refunds_post();

-- What rows of earlier versions tell of their past: a settlement after a release
-- was released first.
WITH moved AS (
    SELECT c.namespace, c.source, c.external_id, c.attempt, c.account, c.currency, m.*
    FROM zma_cost_tracking c CROSS JOIN LATERAL (VALUES
        ('reserve', '', c.reserved_at, c.max_price_cents, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint),
        ('release', '', c.released_at, CASE WHEN c.released_at IS NOT NULL THEN -c.max_price_cents ELSE 0 END, 0, 0, 0, 0, 0),
        ('settle', '', c.settled_at, CASE WHEN c.state = 'settled' AND c.released_at IS NULL THEN -c.max_price_cents ELSE 0 END,
            COALESCE(c.subtotal_cents, 0), COALESCE(c.shipping_cents, 0), COALESCE(c.tax_cents, 0), COALESCE(c.adjustment_cents, 0), 0)
    ) AS m (kind, reference, at, reserved, subtotal, shipping, tax, adjustment, refunds)
    UNION ALL
    SELECT r.namespace, r.source, r.external_id, r.attempt, c.account, c.currency, 'refund', r.reference, r.booked_at,
        0, 0, 0, 0, 0, -r.cents
    FROM order_refunds r JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)
), entries AS (
    SELECT m.*, e.ledger_account, e.cents
    FROM moved m CROSS JOIN LATERAL (VALUES
        ('available', -(m.reserved + m.subtotal + m.shipping + m.tax + m.adjustment + m.refunds)),
        ('reserved', m.reserved), ('subtotal', m.subtotal), ('shipping', m.shipping), ('tax', m.tax),
        ('adjustment', m.adjustment), ('refunds', m.refunds)) AS e (ledger_account, cents)
    WHERE e.cents <> 0
), transactions AS (
    INSERT INTO journal_transactions (namespace, source, external_id, attempt, kind, reference, account, currency, at)
    SELECT namespace, source, external_id, attempt, kind, reference, account, currency, at
    FROM entries GROUP BY namespace, source, external_id, attempt, kind, reference, account, currency, at
    ORDER BY at, attempt, array_position('{reserve,release,settle,refund}'::text[], kind)
    RETURNING id, namespace, source, external_id, attempt, kind, reference
)
INSERT INTO journal_entries (namespace, transaction_id, ledger_account, debit_cents, credit_cents)
SELECT t.namespace, t.id, e.ledger_account, GREATEST(e.cents, 0), GREATEST(-e.cents, 0)
FROM entries e JOIN transactions t USING (namespace, source, external_id, attempt, kind, reference);

CREATE VIEW journal_balances WITH (security_invoker = true) AS
SELECT t.namespace, t.account, t.currency, e.ledger_account,
    sum(e.debit_cents)::bigint AS debit_cents, sum(e.credit_cents)::bigint AS credit_cents,
    sum(e.debit_cents - e.credit_cents)::bigint AS balance_cents
FROM journal_transactions t JOIN journal_entries e ON e.namespace = t.namespace AND e.transaction_id = t.id
GROUP BY t.namespace, t.account, t.currency, e.ledger_account;
COMMENT ON VIEW journal_balances IS 'Debits, credits and balance of each ledger account of each ZMAAccount and currency. Minor units.';

-- Each row of this view is something wrong. Ledger accounts are compared with the
-- tables that they follow, those with each other, and each transaction with itself.
CREATE VIEW journal_differences WITH (security_invoker = true) AS
WITH costs AS (
    SELECT namespace, account, currency,
        COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0) AS reserved,
        COALESCE(sum(subtotal_cents), 0) AS subtotal, COALESCE(sum(shipping_cents), 0) AS shipping,
        COALESCE(sum(tax_cents), 0) AS tax, COALESCE(sum(adjustment_cents), 0) AS adjustment,
        sum(refunded_cents) AS refunded
    FROM zma_cost_tracking GROUP BY namespace, account, currency
), refunds AS (
    SELECT c.namespace, c.account, c.currency, sum(r.cents) AS refunded
    FROM order_refunds r JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)
    GROUP BY c.namespace, c.account, c.currency
), expected AS (
    SELECT c.namespace, c.account, c.currency, e.compared_with, e.ledger_account, e.cents
    FROM costs c LEFT JOIN refunds r USING (namespace, account, currency) CROSS JOIN LATERAL (VALUES
        ('zma_cost_tracking', 'available',
            -(c.reserved + c.subtotal + c.shipping + c.tax + c.adjustment) + COALESCE(r.refunded, 0)),
        ('zma_cost_tracking', 'reserved', c.reserved), ('zma_cost_tracking', 'subtotal', c.subtotal),
        ('zma_cost_tracking', 'shipping', c.shipping), ('zma_cost_tracking', 'tax', c.tax),
        ('zma_cost_tracking', 'adjustment', c.adjustment), ('zma_cost_tracking', 'refunds', -c.refunded),
        ('order_refunds', 'refunds', -COALESCE(r.refunded, 0))) AS e (compared_with, ledger_account, cents)
), posted AS (
    SELECT b.namespace, b.account, b.currency, w.compared_with, b.ledger_account, b.balance_cents
    FROM journal_balances b
    JOIN (VALUES ('zma_cost_tracking', NULL), ('order_refunds', 'refunds')) AS w (compared_with, only_account)
        ON w.only_account IS NULL OR w.only_account = b.ledger_account
), quarters AS (
    SELECT namespace, account, date_bin('15 minutes', reserved_at, '2000-01-01 00:00:00+00') AS starts_at,
        COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0) AS reserved,
        COALESCE(sum(GREATEST(0, total_cents - refunded_cents)) FILTER (WHERE state = 'settled'), 0) AS settled
    FROM zma_cost_tracking GROUP BY 1, 2, 3
), transactions AS (
    SELECT t.namespace, t.account, t.currency, t.id, t.at, count(e.transaction_id) AS entries,
        COALESCE(sum(e.debit_cents), 0) AS debits, COALESCE(sum(e.credit_cents), 0) AS credits
    FROM journal_transactions t LEFT JOIN journal_entries e ON e.namespace = t.namespace AND e.transaction_id = t.id
    GROUP BY t.namespace, t.account, t.currency, t.id, t.at
)
SELECT namespace, account, currency, compared_with::varchar(32), ledger_account::varchar(32) AS item, NULL::timestamptz AS at,
    COALESCE(posted.balance_cents, 0)::bigint AS found_cents, COALESCE(expected.cents, 0)::bigint AS expected_cents
FROM expected FULL JOIN posted USING (namespace, account, currency, compared_with, ledger_account)
WHERE COALESCE(posted.balance_cents, 0) <> COALESCE(expected.cents, 0)
UNION ALL
SELECT namespace, account, ''::varchar(3), 'spend_periods'::varchar(32), s.item::varchar(32), starts_at,
    s.found::bigint, s.expected::bigint
FROM quarters q FULL JOIN spend_periods p USING (namespace, account, starts_at) CROSS JOIN LATERAL (VALUES
    ('reserved', COALESCE(p.reserved_cents, 0), COALESCE(q.reserved, 0)),
    ('settled', COALESCE(p.settled_cents, 0), COALESCE(q.settled, 0))) AS s (item, found, expected)
WHERE s.found <> s.expected
UNION ALL
SELECT namespace, account, currency, 'journal_entries'::varchar(32), id::varchar(32), at, debits::bigint, credits::bigint
FROM transactions WHERE debits <> credits OR entries < 2;
COMMENT ON VIEW journal_differences IS 'Where the books do not balance; empty when they do. Minor units.';

CREATE VIEW journal_order_differences WITH (security_invoker = true) AS
WITH posted AS (
    SELECT t.namespace, t.source, t.external_id, t.attempt,
        sum(e.debit_cents - e.credit_cents) FILTER (WHERE e.ledger_account = 'reserved') AS reserved,
        sum(e.debit_cents - e.credit_cents) FILTER (WHERE e.ledger_account IN ('subtotal', 'shipping', 'tax', 'adjustment')) AS total,
        sum(e.credit_cents - e.debit_cents) FILTER (WHERE e.ledger_account = 'refunds') AS refunded
    FROM journal_transactions t JOIN journal_entries e ON e.namespace = t.namespace AND e.transaction_id = t.id
    GROUP BY t.namespace, t.source, t.external_id, t.attempt
)
SELECT namespace, source, external_id, attempt, d.item::varchar(32), d.found::bigint AS found_cents, d.expected::bigint AS expected_cents
FROM zma_cost_tracking c FULL JOIN posted p USING (namespace, source, external_id, attempt) CROSS JOIN LATERAL (VALUES
    ('reserved', COALESCE(p.reserved, 0), CASE WHEN c.state = 'reserved' THEN c.max_price_cents ELSE 0 END),
    ('total', COALESCE(p.total, 0), COALESCE(c.total_cents, 0)),
    ('refunded', COALESCE(p.refunded, 0), COALESCE(c.refunded_cents, 0))) AS d (item, found, expected)
WHERE d.found <> d.expected;
COMMENT ON VIEW journal_order_differences IS 'The attempts behind the rows of journal_differences. Minor units.';
