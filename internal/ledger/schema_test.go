package ledger_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func latest(t *testing.T) int64 {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	return int64(len(files))
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	u := emptyDatabase(t)
	for _, want := range [][2]int64{{0, latest(t)}, {latest(t), latest(t)}} {
		from, to, err := ledger.Migrate(t.Context(), u)
		if diff := cmp.Diff(want, [2]int64{from, to}); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	}
}

func TestManyMayMigrateAtOnce(t *testing.T) {
	u := emptyDatabase(t)
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, _, errs[i] = ledger.Migrate(t.Context(), u) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestCheckSchema(t *testing.T) {
	newer := `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true);`
	older := `DELETE FROM goose_db_version WHERE version_id > 1;`
	tests := []struct {
		reason, sql string
		fits        bool
		names       []string
	}{
		{"the embedded version", `SELECT 1`, true, nil},
		{"an older one lacks what is needed", older, false, []string{"version 1,", "needs " + strconv.FormatInt(latest(t), 10)}},
		{"a newer one that still supports this program", newer, true, nil},
		{"a newer one that does not", newer + `UPDATE schema_support SET oldest_version = 98`, false, []string{"version 99", "from 98"}},
		{"none at all", `DROP TABLE goose_db_version`, false, []string{"version 0,"}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			d.must(d.exec(tc.sql))
			err := d.CheckSchema(t.Context())
			if (err == nil) != tc.fits || (err != nil && !errors.Is(err, ledger.ErrSchemaVersion)) {
				t.Fatalf("got %v, want fits=%v", err, tc.fits)
			}
			for _, name := range tc.names {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%q does not say %q", err, name)
				}
			}
		})
	}
}

// statements collects the constants that hold SQL, and reports SQL elsewhere.
func statements(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		collect(t, name, file, out)
	}
	return out
}

func collect(t *testing.T, name string, file *ast.File, out map[string]string) {
	t.Helper()
	looksLikeSQL := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|TRUNCATE)\s`)
	known := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "sql") && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out[spec.Names[0].Name] = text
				known[lit] = true
			}
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && !known[lit] {
			if text, err := strconv.Unquote(lit.Value); err == nil && looksLikeSQL.MatchString(text) {
				t.Errorf("%s holds SQL outside a constant named sql…: %.40s", name, text)
			}
		}
		return true
	})
}

// A statement that names a column which does not exist fails here, not in
// production.
func TestEveryStatementPreparesAgainstTheSchema(t *testing.T) {
	d := newDB(t)
	conn := connect(t, d.url)
	all := statements(t)
	if len(all) < 25 {
		t.Fatalf("found only %d statements", len(all))
	}
	for name, sql := range all {
		if _, err := conn.Prepare(t.Context(), name, sql); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// withoutNamespace are tables whose rows belong to nobody's orders.
var withoutNamespace = map[string]string{
	"audit_blocks":      "a block covers rows of all namespaces",
	"goose_db_version":  "of the schema itself, described by its library",
	"rate_limit_secret": "one key for all",
	"rate_limits":       "a keyed hash hides whose bucket it is",
	"restore_epochs":    "the cluster as a whole is restored",
	"schema_support":    "of the schema itself",
}

// A partition is described like its table, and has its columns.
func TestEveryTableIsDescribedAndBelongsToANamespace(t *testing.T) {
	d := newDB(t)
	conn := connect(t, d.url)
	undescribed := texts(t, conn, `
SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v') AND c.relnamespace = 'public'::regnamespace
  AND c.relname <> 'goose_db_version' AND obj_description(c.oid) IS NULL ORDER BY 1`)
	if len(undescribed) > 0 {
		t.Errorf("without a comment: %v", undescribed)
	}
	without := texts(t, conn, `
SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'namespace' AND a.attnotnull) ORDER BY 1`)
	if diff := cmp.Diff(sorted(withoutNamespace), without); diff != "" {
		t.Errorf("without a namespace, and a reason for it: %s", diff)
	}
	want := strings.Fields("admin_alerts audit_blocks audit_log email_outbox journal_entries journal_transactions order_attempts order_identities " +
		"order_items order_payments order_recovery_logs order_refunds orders rate_limit_secret rate_limits reporter_namespaces restore_epochs " +
		"schema_support security_events spend_accounts spend_days spend_periods webhook_deliveries zma_cost_tracking")
	got := texts(t, conn, `SELECT relname::text FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> 'goose_db_version' ORDER BY 1`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Views store nothing: what they show has the bounds of its tables.
func TestMoneyIsWholeCentsAndNoTextIsUnbounded(t *testing.T) {
	d := newDB(t)
	odd := value[string](d, `
SELECT COALESCE(string_agg(table_name || '.' || column_name, ' '), '') FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_name <> 'goose_db_version'
  AND ((column_name LIKE '%cents' AND data_type <> 'bigint') OR data_type IN ('real', 'double precision', 'money')
    OR (table_type = 'BASE TABLE' AND (data_type = 'text' OR (data_type = 'character varying' AND character_maximum_length IS NULL))))`)
	if odd != "" {
		t.Errorf("columns of the wrong type: %s", odd)
	}
}
