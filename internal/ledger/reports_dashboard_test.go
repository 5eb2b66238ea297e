package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/zma-operator/zma-operator/hack/records"
)

// reader connects as a new login of a role that reads all generated namespaces.
func reader(t *testing.T, u, role string) *pgx.Conn {
	t.Helper()
	login, err := records.Reader(t.Context(), u, role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := records.Forget(context.Background(), u, login); err != nil {
			t.Logf("dropping a login: %v", err)
		}
	})
	return connect(t, login)
}

// Grafana says nothing about a panel without data: each query must give rows, with
// what its panel draws.
func TestPanelsOfTheReportsGetWhatTheyDraw(t *testing.T) {
	u := generated(t, 20000)
	conn := reader(t, u, "zma_reporter")
	now := time.Now()
	panels, err := records.Panels("../../config/grafana/zma-reports.json", now.AddDate(0, 0, -30), now)
	if err != nil || len(panels) < 20 {
		t.Fatalf("%d panels: %v", len(panels), err)
	}
	for _, p := range panels {
		t.Run(p.Title, func(t *testing.T) {
			a, err := ask(t.Context(), conn, p.SQL)
			if err != nil {
				t.Fatalf("%s: %v", p.SQL, err)
			}
			if len(a.rows) == 0 {
				t.Fatalf("no rows: %s", p.SQL)
			}
			for _, problem := range problems(p, a) {
				t.Errorf("%s: %s", problem, p.SQL)
			}
		})
	}
}

// answer is what a query gave.
type answer struct {
	names []string
	types []uint32
	rows  [][]any
}

func ask(ctx context.Context, conn *pgx.Conn, sql string) (a answer, err error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return a, err
	}
	for _, f := range rows.FieldDescriptions() {
		a.names, a.types = append(a.names, f.Name), append(a.types, f.DataTypeOID)
	}
	a.rows, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	return a, err
}

// of are the columns of some types that are never empty, or for numbers not always.
func (a answer) of(types ...uint32) (names []string) {
	for i, name := range a.names {
		if slices.Contains(types, a.types[i]) && slices.ContainsFunc(a.rows, func(row []any) bool { return row[i] != nil }) {
			names = append(names, name)
		}
	}
	return names
}

// problems tells what a panel could not draw.
func problems(p records.Panel, a answer) (out []string) {
	numbers := a.of(pgtype.Int8OID, pgtype.Int4OID, pgtype.NumericOID, pgtype.Float8OID)
	words := a.of(pgtype.VarcharOID, pgtype.TextOID)
	for _, c := range p.Columns {
		if !slices.Contains(a.names, c) {
			out = append(out, "it has no column "+c)
		}
	}
	switch {
	case p.Type == "timeseries" && p.Format == "time_series":
		out = append(out, seriesProblems(a)...)
		if len(numbers) == 0 || len(words) > 1 || len(words)+len(numbers)+1 != len(a.names) {
			out = append(out, fmt.Sprintf("a series has a time, a name and numbers: got %v", a.names))
		}
	case p.Type == "stat" && (len(a.rows) != 1 || len(numbers) != 1 || len(a.names) != 1):
		out = append(out, "it is not one number")
	case p.Type == "barchart" && (len(words) != 1 || len(numbers)+1 != len(a.names)):
		out = append(out, "it needs one name and, beside it, numbers")
	case p.Type == "table" && len(a.names) < 2:
		out = append(out, "it is no table")
	case p.Type == "variable" && (len(words) != 1 || len(a.names) != 1):
		out = append(out, "it is not one list of words")
	case !slices.Contains([]string{"timeseries", "stat", "barchart", "table", "variable"}, p.Type):
		out = append(out, "nothing is known of a panel of type "+p.Type)
	}
	return out
}

// seriesProblems: Grafana wants the first column named time, of a type that names an
// instant, in order and never empty.
func seriesProblems(a answer) []string {
	if a.names[0] != "time" || a.types[0] != pgtype.TimestamptzOID {
		return []string{"its first column is no time"}
	}
	var last time.Time
	for _, row := range a.rows {
		at, ok := row[0].(time.Time)
		if !ok || at.Before(last) || !at.Equal(at.Truncate(24*time.Hour)) {
			return []string{fmt.Sprintf("%v after %v: not in order, or not the begin of a UTC day", row[0], last)}
		}
		last = at
	}
	return nil
}

// Customers are hidden from who may not know them, and counted for who reads them.
func TestTopCustomersAreHashesOfTheReadersNamespaces(t *testing.T) {
	u := generated(t, 3000)
	conn := reader(t, u, "zma_reporter")
	admin := connect(t, u)
	if _, err := admin.Exec(t.Context(), `DELETE FROM reporter_namespaces WHERE namespace = 'shop'`); err != nil {
		t.Fatal(err)
	}
	top := `FROM report_top_customers('UTC', '-infinity', 'infinity', 5)`
	got := texts(t, conn, `SELECT concat_ws(' ', namespace, net_cents) `+top)
	want := texts(t, admin, `SELECT concat_ws(' ', namespace, sum(net_cents)) FROM report_spend_by_customer WHERE namespace = 'outlet'
		GROUP BY namespace, account, currency, customer_id ORDER BY sum(net_cents) DESC LIMIT 5`)
	if len(want) != 5 || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, customer := range texts(t, conn, `SELECT customer `+top) {
		if len(customer) != 12 || strings.Trim(customer, "0123456789abcdef") != "" {
			t.Errorf("%q is no hash", customer)
		}
	}
	stranger := reader(t, u, "zma_reporter")
	if _, err := admin.Exec(t.Context(), `DELETE FROM reporter_namespaces`); err != nil {
		t.Fatal(err)
	}
	if n := texts(t, stranger, `SELECT count(*)::text `+top); n[0] != "0" {
		t.Errorf("a reader of no namespace gets %s customers", n[0])
	}
}

// The function reads as the owner of the schema, which row level security is forced
// upon too.
func TestTopCustomersOfASchemaOfAPlainOwner(t *testing.T) {
	s := newStaff(t)
	s.Ledger = s.open(s.url)
	for n, namespace := range []string{"shop", "outlet"} {
		r, paid := reservation(n, 1), settlement(n, 1)
		r.Identity.Namespace, paid.Identity.Namespace = namespace, namespace
		s.mustReserve(r)
		s.must(s.Settle(t.Context(), paid))
	}
	got := texts(t, s.reporter("shop"), `SELECT concat_ws(' ', namespace, account, settled_attempts, net_cents)
		FROM report_top_customers('UTC', '2026-03-14', '2026-03-14', 10)`)
	if want := []string{"shop main 1 850"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
