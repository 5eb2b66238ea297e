package ledger_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/records"
)

// generated is a database with orders of the last days, up to now: the queries
// count back from there.
func generated(t *testing.T, orders int64) (u string) {
	t.Helper()
	d := newDB(t)
	d.must(records.Generate(context.Background(), d.url, records.Options{Orders: orders, Days: 400, Seed: 1, End: time.Now()}))
	return d.url
}

func readyQueries(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, q := range records.Queries(string(page)) {
		out[q.Title] = strings.TrimSuffix(strings.TrimSpace(q.SQL), ";")
	}
	if len(out) < 15 {
		t.Fatalf("found only %d queries", len(out))
	}
	return out
}

// A ready query reads what it names and gives rows; one that reads all orders or
// all costs would take seconds on a million. So it is for a reporter, whom row level
// security keeps from searching most indexes.
func TestReadyQueriesReadNoWholeTable(t *testing.T) {
	u := generated(t, 20000)
	reporter, auditor := reader(t, u, "zma_reporter"), reader(t, u, "zma_auditor")
	large := map[string]bool{"orders": true, "zma_cost_tracking": true, "webhook_deliveries": true, "email_outbox": true, "order_attempts": true}
	for title, sql := range readyQueries(t) {
		t.Run(title, func(t *testing.T) {
			if strings.HasPrefix(sql, "COPY") {
				sql = sql[strings.Index(sql, "(")+1 : strings.Index(sql, ") TO STDOUT")]
			}
			conn := reporter
			if strings.Contains(sql, "report_spend_by_customer") {
				conn = auditor
			}
			// All orders are counted: only on a large table is the index cheaper.
			countsAll := title == "Orders of all time by state"
			if _, err := conn.Exec(t.Context(), `SELECT set_config('enable_seqscan', $1, false)`, strconv.FormatBool(!countsAll)); err != nil {
				t.Fatal(err)
			}
			plan, err := records.Explain(t.Context(), conn, sql)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Rows == 0 {
				t.Error("it gives no rows")
			}
			for _, s := range plan.Scans() {
				if s.Type == "Seq Scan" && large[s.Relation] {
					t.Errorf("it reads all of %s: %s", s.Relation, plan)
				}
				if s.Removed*s.Loops > 5000 && !countsAll {
					t.Errorf("it reads %.0f rows of %s in vain: %s", s.Removed*s.Loops, s.Index+s.Relation, plan)
				}
			}
		})
	}
}

// Sums of the ready queries against sums over the tables themselves.
func TestReadyQueriesGiveTheRightSums(t *testing.T) {
	conn := connect(t, generated(t, 5000))
	queries := readyQueries(t)
	tests := []struct{ title, column, want string }{
		{"Spend by day", "sum(net_cents) FILTER (WHERE currency = 'USD')", `SELECT sum(total_cents - refunded_cents) FROM zma_cost_tracking WHERE currency = 'USD' AND (reserved_at AT TIME ZONE 'UTC')::date >= current_date - 90`},
		{"Spend by account, all time", "sum(settled_cents) FILTER (WHERE currency = 'EUR')", `SELECT sum(total_cents) FROM zma_cost_tracking WHERE currency = 'EUR'`},
		{"Spend by retailer, all time", "sum(settled_attempts) FILTER (WHERE retailer = 'walmart')", `SELECT count(*) FROM zma_cost_tracking WHERE retailer = 'walmart' AND state = 'settled'`},
		{"Estimate against actual cost", "sum(variance_cents) FILTER (WHERE currency = 'USD')", `SELECT sum(variance_cents) FROM zma_cost_tracking WHERE currency = 'USD' AND (reserved_at AT TIME ZONE 'UTC')::date >= current_date - 90`},
		{"Orders of all time by state", "sum(orders)", `SELECT count(*) FROM orders`},
		{"Open orders by state and age", "sum(orders)", `SELECT count(*) FROM orders WHERE deleted_at IS NULL AND status_reason IN ('Placed', 'Processing', 'AwaitingAddress')`},
		{"Webhooks", "sum(failed)", `SELECT count(*) FROM webhook_deliveries WHERE status >= 500 AND (at AT TIME ZONE 'UTC')::date >= current_date - 31`},
		{"Mails", "sum(dead)", `SELECT count(*) FROM email_outbox WHERE state = 'dead' AND (created_at AT TIME ZONE 'UTC')::date >= current_date - 31`},
		{"Recoveries and what came of them", "sum(recoveries)", `SELECT count(*) FROM order_recovery_logs WHERE (started_at AT TIME ZONE 'UTC')::date >= current_date - 90`},
	}
	for _, tc := range tests {
		t.Run(tc.title, func(t *testing.T) {
			var got, want int64
			// Both in one statement, so that both see one current_date.
			sql := `SELECT (SELECT ` + tc.column + ` FROM (` + queries[tc.title] + `) q)::bigint, (` + tc.want + `)::bigint`
			if err := conn.QueryRow(t.Context(), sql).Scan(&got, &want); err != nil {
				t.Fatal(err)
			}
			if got != want || want == 0 {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}
