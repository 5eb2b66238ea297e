package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// worked is a database in which two namespaces have rows in every table.
func worked(t *testing.T) *staff {
	t.Helper()
	s := newStaff(t)
	operator := s.ledgerAs("zma_operator")
	for _, namespace := range []string{"shop", "outlet"} {
		s.operate(operator, namespace)
	}
	s.takeWebhooks(s.ledgerAs("zma_intake"), operator)
	s.must(s.exec(`UPDATE orders SET placed_at = created_at + interval '1 hour'`))
	s.must(s.exec(`ANALYZE`))
	return s
}

// readable is what a login may select of a table or view, as the server has it; nil
// for nothing.
func readable(t *testing.T, conn *pgx.Conn, r relation) []string {
	t.Helper()
	may := texts(t, conn, `SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
    AND has_column_privilege(attrelid, attnum, 'SELECT') ORDER BY attnum`, "public."+r.Name)
	var out []string
	for _, c := range r.Columns {
		if slices.Contains(may, c) {
			out = append(out, pgx.Identifier{c}.Sanitize())
		}
	}
	return out
}

// rowsOf are the rows of what a role may select, as text.
func rowsOf(t *testing.T, conn *pgx.Conn, r relation, columns []string, where string) []string {
	t.Helper()
	out := texts(t, conn, fmt.Sprintf(`SELECT to_jsonb(r)::text FROM (SELECT %s FROM public.%s %s) r`,
		strings.Join(columns, ", "), pgx.Identifier{r.Name}.Sanitize(), where))
	slices.Sort(out)
	return out
}

// steady is a relation without its ages, which are computed from the time of the statement.
func steady(r relation) relation {
	r.Columns = slices.DeleteFunc(slices.Clone(r.Columns), func(c string) bool { return c == "age_seconds" || c == "state_seconds" || c == "oldest_seconds" })
	return r
}

// Side by side, each reporter sees all rows of its own namespaces, and no other, in
// every table and through every view.
func TestReportersSeeTheirNamespacesOnly(t *testing.T) {
	s := worked(t)
	all, _ := s.relations()
	admin := connect(t, s.url)
	for _, tc := range []struct {
		reason     string
		namespaces []string
	}{
		{"one", []string{"shop"}},
		{"the other", []string{"outlet"}},
		{"both", []string{"shop", "outlet"}},
		{"none", nil},
		{"one that has nothing", []string{"elsewhere"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			conn := s.reporter(tc.namespaces...)
			rows := 0
			for _, r := range all {
				columns := readable(t, conn, steady(r))
				if len(columns) == 0 || r.Name == "reporter_namespaces" {
					continue
				}
				want := rowsOf(t, admin, r, columns, `WHERE namespace = ANY ('{`+strings.Join(tc.namespaces, ",")+`}')`)
				got := rowsOf(t, conn, r, columns, "")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", r.Name, diff)
				}
				rows += len(got)
			}
			if (rows > 0) != slices.ContainsFunc(tc.namespaces, func(n string) bool { return n != "elsewhere" }) {
				t.Errorf("%d rows in all", rows)
			}
			mapped := texts(t, conn, `SELECT namespace::text FROM reporter_namespaces ORDER BY namespace`)
			if got, want := strings.Join(mapped, " "), strings.Join(slices.Sorted(slices.Values(tc.namespaces)), " "); got != want {
				t.Errorf("mapped to %q, want %q", got, want)
			}
		})
	}
	conn := s.reporter("shop", "outlet")
	for _, r := range all {
		if columns := readable(t, conn, r); len(columns) > 0 && r.Name != "reporter_namespaces" && len(rowsOf(t, admin, r, columns, "")) == 0 {
			t.Errorf("%s is empty: nothing was shown of it", r.Name)
		}
	}
}

// functionsOfReports give rows of all days.
func functionsOfReports(role string) (calls []string) {
	for f, d := range functionDecisions {
		name, args, _ := strings.Cut(strings.TrimSuffix(f, ")"), "(")
		if d.of(role) == "" || !strings.HasPrefix(name, "report_") {
			continue
		}
		given := `'UTC', '2000-01-01', '2099-12-31'`
		if strings.HasSuffix(args, ",integer") {
			given += ", 1000"
		}
		calls = append(calls, fmt.Sprintf(`SELECT to_jsonb(r)::text FROM %s(%s) r`, name, given))
	}
	slices.Sort(calls)
	return calls
}

func TestFunctionsOfReportsKeepToTheNamespacesOfWhoAsks(t *testing.T) {
	s := worked(t)
	shop, outlet, nobody := s.reporter("shop"), s.reporter("outlet"), s.reporter()
	for _, call := range functionsOfReports("zma_reporter") {
		for other, conn := range map[string]*pgx.Conn{"outlet": shop, "shop": outlet} {
			got := texts(t, conn, call)
			if len(got) == 0 {
				t.Errorf("%s: nothing", call)
			}
			for _, row := range got {
				if strings.Contains(row, `"namespace": "`+other+`"`) {
					t.Errorf("%s shows another namespace: %s", call, row)
				}
			}
		}
		if got := texts(t, nobody, call); len(got) != 0 {
			t.Errorf("%s: %d rows for a reporter without namespaces", call, len(got))
		}
	}
}

// Everything that a reporter can select is searched for what was planted where
// personal data and free text go, statistics of the planner included.
func TestReportersSeeNoPersonalData(t *testing.T) {
	s := worked(t)
	all, _ := s.relations()
	admin, auditor, conn := connect(t, s.url), s.as("zma_auditor"), s.reporter("shop", "outlet")
	planted := map[string]bool{}
	for _, r := range all {
		if r.View {
			continue
		}
		for _, c := range r.Columns {
			column := pgx.Identifier{c}.Sanitize()
			if n := texts(t, admin, fmt.Sprintf(`SELECT count(*)::text FROM public.%s WHERE %s::text LIKE '%%%s%%'`, r.Name, column, secretWord)); n[0] != "0" {
				planted[r.Name+"."+c] = true
			}
		}
	}
	for _, place := range []string{"orders.customer_id", "orders.customer_email", "orders.shipping_address", "orders.spec", "orders.metadata",
		"orders.status", "orders.conditions", "orders.request_id", "zma_cost_tracking.customer_id", "order_identities.record", "email_outbox.recipient",
		"email_outbox.data", "admin_alerts.summary", "admin_alerts.object", "order_recovery_logs.result", "order_recovery_logs.actor",
		"order_recovery_logs.request", "audit_log.actor", "webhook_deliveries.client_hash", "webhook_deliveries.webhook_id"} {
		if !planted[place] {
			t.Errorf("nothing was planted in %s", place)
		}
	}
	queries := functionsOfReports("zma_reporter")
	for _, r := range all {
		if columns := readable(t, conn, r); len(columns) > 0 {
			queries = append(queries, fmt.Sprintf(`SELECT to_jsonb(r)::text FROM (SELECT %s FROM public.%s) r`, strings.Join(columns, ", "), r.Name))
		}
	}
	queries = append(queries, `SELECT r::text FROM pg_stats r`, `SELECT r::text FROM pg_stats_ext r`, `SELECT r::text FROM pg_stat_activity r`)
	for _, sql := range queries {
		for _, row := range texts(t, conn, sql) {
			if strings.Contains(row, secretWord) {
				t.Errorf("%s: %s", sql, row)
			}
		}
	}
	// The search would find it: the auditor may see where people are.
	if seen := texts(t, auditor, `SELECT to_jsonb(o)::text FROM orders o`); !strings.Contains(strings.Join(seen, ""), secretWord) {
		t.Error("the auditor does not see what was planted")
	}
}

func TestTheAuditorSeesEveryRow(t *testing.T) {
	s := worked(t)
	all, partitions := s.relations()
	admin, auditor := connect(t, s.url), s.as("zma_auditor")
	for _, r := range append(all, partitions...) {
		columns := readable(t, auditor, steady(r))
		if r.Name == "rate_limit_secret" {
			continue // a key is no record
		}
		want := rowsOf(t, admin, r, columns, "")
		if diff := cmp.Diff(want, rowsOf(t, auditor, r, columns, "")); diff != "" {
			t.Errorf("%s: %s", r.Name, diff)
		}
		if !r.View && r.Parent == "" && r.Name != "reporter_namespaces" && len(want) == 0 {
			t.Errorf("%s is empty: nothing was shown of it", r.Name)
		}
	}
}

// The owner reads and changes rows by a policy of its own, as everybody else: when
// that is gone, or a statement turns security off, there is nothing for it either.
func TestTheOwnerItselfIsUnderRowLevelSecurity(t *testing.T) {
	s := worked(t)
	all, partitions := s.relations()
	owner := connect(t, s.owner)
	for _, r := range append(all, partitions...) {
		if r.View {
			continue
		}
		name := pgx.Identifier{"public", r.Name}.Sanitize()
		if got := attempt(t, owner, `SET LOCAL row_security = off; SELECT count(*) FROM `+name); got != denied {
			t.Errorf("%s without row security: got %q, want %q", r.Name, got, denied)
		}
		counted := func(prelude string) string {
			if _, err := owner.Exec(t.Context(), "BEGIN;"+prelude); err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = owner.Exec(t.Context(), "ROLLBACK") }()
			return texts(t, owner, `SELECT count(*)::text FROM `+name)[0]
		}
		all := texts(t, connect(t, s.url), `SELECT count(*)::text FROM `+name)[0]
		if got := counted(""); got != all {
			t.Errorf("the owner sees %s of %s rows of %s", got, all, r.Name)
		}
		if got := counted(`DROP POLICY zma_owner ON ` + name); got != "0" {
			t.Errorf("the owner sees %s rows of %s without a policy", got, r.Name)
		}
	}
}
