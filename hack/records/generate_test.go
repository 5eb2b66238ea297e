package records_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/records"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

var server *postgres.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = postgres.Start(context.Background(), postgres.Options{Progress: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func generated(t *testing.T, o records.Options) *pgx.Conn {
	t.Helper()
	u := server.NewDatabase(t)
	if _, _, err := ledger.Migrate(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if err := records.Generate(t.Context(), u, o); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// A measurement on books that could not be is worth nothing.
func TestGeneratedBooksAreSound(t *testing.T) {
	conn := generated(t, records.Options{Orders: 2000, Days: 60, Seed: 1, End: time.Now()})
	tests := []struct{ reason, sql string }{
		{"every order is there", `SELECT count(*) = 2000 FROM orders`},
		{"every state of an attempt occurs", `SELECT count(DISTINCT state) = 3 FROM zma_cost_tracking`},
		{"every outcome occurs", `SELECT count(DISTINCT outcome) = 3 AND count(*) > count(outcome) FROM order_identities`},
		{"no order was bought twice", `SELECT NOT EXISTS (SELECT FROM order_attempts WHERE state = 'settled' GROUP BY namespace, source, external_id HAVING count(*) > 1)`},
		{"attempts follow their costs", `SELECT count(*) = 0 FROM order_attempts a LEFT JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt, state) WHERE c.state IS NULL`},
		{"refunds are those of the costs", `SELECT (SELECT sum(cents) FROM order_refunds) = (SELECT sum(refunded_cents) FROM zma_cost_tracking)`},
		{"items belong to orders", `SELECT count(*) > 2000 FROM order_items JOIN orders USING (namespace, source, external_id)`},
		{"two currencies", `SELECT count(DISTINCT currency) = 2 FROM zma_cost_tracking`},
		{"sums of days are those of the costs", `SELECT (SELECT sum(settled_cents) FROM spend_days) = (SELECT sum(total_cents) FROM zma_cost_tracking)`},
		{"recoveries, deliveries and mails are there", `SELECT (SELECT count(*) FROM order_recovery_logs) > 100 AND (SELECT count(*) FROM webhook_deliveries) > 2000 AND (SELECT count(*) FROM email_outbox) > 2000`},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			var ok bool
			if err := conn.QueryRow(t.Context(), tc.sql).Scan(&ok); err != nil || !ok {
				t.Errorf("got %v, %v", ok, err)
			}
		})
	}
}

func TestTheSameSeedMakesTheSameOrders(t *testing.T) {
	digest := func(seed int64) (sum string) {
		conn := generated(t, records.Options{Orders: 50, Days: 5, Seed: seed, End: time.Now()})
		sql := `SELECT md5(string_agg(concat_ws(' ', external_id, attempt, account, total_cents, state), ',' ORDER BY external_id, attempt)) FROM zma_cost_tracking`
		if err := conn.QueryRow(t.Context(), sql).Scan(&sum); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first, again, other := digest(1), digest(1), digest(2)
	if first != again || first == other {
		t.Errorf("got %s, %s and, of another seed, %s", first, again, other)
	}
}
