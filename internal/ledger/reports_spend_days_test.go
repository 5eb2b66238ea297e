package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// sqlSpendDaysDiffer are the days whose sums differ from those over the costs, both
// ways. What was taken away leaves a row of zeros.
const sqlSpendDaysDiffer = `
WITH kept AS (
    SELECT * FROM spend_days
    WHERE (reserved_count, reserved_cents, settled_count, estimated_cents, settled_cents, refunded_count, refunded_cents,
        released_count, over_count, over_cents, under_count) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
), summed AS (
    SELECT namespace, (reserved_at AT TIME ZONE 'UTC')::date, account, COALESCE(retailer, ''), currency,
        count(*) FILTER (WHERE state = 'reserved'), COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0),
        count(*) FILTER (WHERE state = 'settled'), COALESCE(sum(estimated_cents) FILTER (WHERE state = 'settled'), 0),
        COALESCE(sum(total_cents), 0), count(*) FILTER (WHERE refunded_cents > 0), sum(refunded_cents),
        count(*) FILTER (WHERE state = 'released'), count(*) FILTER (WHERE total_cents > estimated_cents),
        COALESCE(sum(total_cents - estimated_cents) FILTER (WHERE total_cents > estimated_cents), 0),
        count(*) FILTER (WHERE total_cents < estimated_cents)
    FROM zma_cost_tracking GROUP BY 1, 2, 3, 4, 5
)
SELECT concat_ws(' ', 'kept', d) FROM (SELECT * FROM kept EXCEPT SELECT * FROM summed) d
UNION ALL SELECT concat_ws(' ', 'summed', d) FROM (SELECT * FROM summed EXCEPT SELECT * FROM kept) d`

// cost is the money of row n: each state, and settled ones above and below their
// estimate, some of it refunded.
const cost = `(SELECT state, 800 AS estimated, 1000 AS most,
        CASE WHEN state = 'settled' THEN 700 + n % 300 END AS total,
        CASE WHEN state = 'settled' AND n % 5 = 0 THEN 1 + n % 200 ELSE 0 END AS refunded
    FROM (SELECT (ARRAY['reserved', 'settled', 'released'])[1 + n % 3] AS state) s)`

// sqlOldCosts are costs as version 11 wrote them, over many days and both sides of
// midnight.
var sqlOldCosts = strings.ReplaceAll(`
INSERT INTO order_identities (namespace, source, external_id, name, uid, outcome_reason, created_at)
SELECT CASE WHEN n % 4 = 0 THEN 'outlet' ELSE 'shop' END, 'old', 'old-' || n, 'zo-' || n, 'uid-' || n, '', now() FROM generate_series(1, 500) n;
INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, request_id, error_code, max_price_cents,
    reserved_at, settled_at, released_at)
SELECT CASE WHEN n % 4 = 0 THEN 'outlet' ELSE 'shop' END, 'old', 'old-' || n, 1, c.state, 'old-' || n, 'acct-1', '', '', c.most, at,
    CASE WHEN c.state = 'settled' THEN at END, CASE WHEN c.state = 'released' THEN at END
FROM generate_series(1, 500) n CROSS JOIN LATERAL {cost} c CROSS JOIN LATERAL (SELECT '2026-03-01 00:00:00+00'::timestamptz + n * interval '97 minutes' AS at) t;
INSERT INTO zma_cost_tracking (namespace, source, external_id, attempt, account, customer_id, currency, state, estimated_cents, max_price_cents,
    subtotal_cents, shipping_cents, tax_cents, adjustment_cents, total_cents, variance_cents, refunded_cents, refunded_at,
    reserved_at, settled_at, released_at)
SELECT a.namespace, a.source, a.external_id, 1, CASE WHEN n % 7 = 0 THEN 'gifts' ELSE 'main' END, 'customer-' || n % 9,
    CASE WHEN n % 6 = 0 THEN 'EUR' ELSE 'USD' END, a.state, c.estimated, c.most, c.total, 0 * c.total, 0 * c.total, 0 * c.total,
    c.total, c.total - c.estimated, c.refunded, CASE WHEN c.refunded > 0 THEN a.settled_at END, a.reserved_at, a.settled_at, a.released_at
FROM order_attempts a CROSS JOIN LATERAL (SELECT substr(a.external_id, 5)::integer AS n) x CROSS JOIN LATERAL {cost} c WHERE a.source = 'old'`, "{cost}", cost)

// Sums of a database in use begin with the money that it has.
func TestSpendDaysOfEarlierVersionsAreAddedUp(t *testing.T) {
	u := emptyDatabase(t)
	migrateTo(t, u, 11)
	conn := connect(t, u)
	for v := int64(1); v <= 8; v++ {
		sql, err := os.ReadFile(upgradeData(v))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), string(sql)); err != nil {
			t.Fatalf("data of version %d: %v", v, err)
		}
	}
	if _, err := conn.Exec(t.Context(), sqlOldCosts); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ledger.Migrate(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if n := texts(t, conn, `SELECT count(*)::text FROM spend_days`)[0]; len(n) < 2 {
		t.Errorf("only %s days", n)
	}
	if n := texts(t, conn, `SELECT sum(settled_count + reserved_count + released_count)::text FROM spend_days`)[0]; n != "504" {
		t.Errorf("the days have %s attempts, want 504", n)
	}
	for _, d := range texts(t, conn, sqlSpendDaysDiffer) {
		t.Error(d)
	}
	changeCosts(t, conn, 120)
}

// changeCosts changes costs at random, and compares after each step.
func changeCosts(t *testing.T, conn *pgx.Conn, steps int) {
	t.Helper()
	const seed = 12
	draw := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same on each run
	changes := []string{
		`UPDATE zma_cost_tracking SET refunded_cents = refunded_cents + 7, refunded_at = now() WHERE state = 'settled' AND external_id LIKE $1`,
		`UPDATE zma_cost_tracking SET state = 'released', released_at = now() WHERE state = 'reserved' AND external_id LIKE $1`,
		`UPDATE zma_cost_tracking SET state = 'settled', settled_at = now(), subtotal_cents = 650, shipping_cents = 90, tax_cents = 70, adjustment_cents = -5,
			total_cents = 805, variance_cents = 805 - estimated_cents WHERE state <> 'settled' AND external_id LIKE $1`,
		`UPDATE zma_cost_tracking SET estimated_cents = estimated_cents + 100, variance_cents = variance_cents - 100 WHERE external_id LIKE $1`,
		`UPDATE zma_cost_tracking SET retailer = CASE WHEN retailer = 'walmart' THEN 'amazon' ELSE 'walmart' END WHERE external_id LIKE $1`,
		`WITH a AS (INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, request_id, error_code,
				max_price_cents, reserved_at, released_at)
			SELECT namespace, source, external_id, max(attempt) + 1, 'released', md5(external_id || max(attempt)), 'acct-1', '', '', 900, max(reserved_at) + interval '10 hours', now()
			FROM order_attempts WHERE external_id LIKE $1 GROUP BY namespace, source, external_id RETURNING *)
		INSERT INTO zma_cost_tracking (namespace, source, external_id, attempt, account, customer_id, currency, state, estimated_cents, max_price_cents, reserved_at, released_at)
		SELECT namespace, source, external_id, attempt, 'main', '', 'USD', state, 700, max_price_cents, reserved_at, released_at FROM a`,
		`DELETE FROM zma_cost_tracking WHERE source = 'old' AND external_id LIKE $1 || '9'`,
	}
	for step := range steps {
		sql := changes[draw.IntN(len(changes))]
		some := fmt.Sprintf("%%%d", draw.IntN(100))
		if _, err := conn.Exec(t.Context(), sql, some); err != nil {
			t.Fatalf("step %d: %s with %s: %v", step, sql, some, err)
		}
		if differ := texts(t, conn, sqlSpendDaysDiffer); len(differ) > 0 {
			t.Fatalf("after step %d, %s with %s: %s", step, sql, some, strings.Join(differ, "\n"))
		}
	}
}
