package ledger_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// TestTheDocumentedActionsAreThoseThatAreWritten compares the page with the
// constants, and those with every entry that the program makes.
func TestTheDocumentedActionsAreThoseThatAreWritten(t *testing.T) {
	page, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## What leaves a row")
	table, _, _ = strings.Cut(table, "\n## ")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, row[1])
	}
	slices.Sort(documented)
	actions := slices.Sorted(slices.Values(ledger.AuditActions()))
	if diff := cmp.Diff(actions, documented); diff != "" {
		t.Errorf("the page (+) and the constants (-): %s", diff)
	}
	used := usedActions(t)
	for name, value := range actionConstants(t) {
		if !slices.Contains(actions, value) {
			t.Errorf("AuditActions lacks %s", name)
		}
		if used[name] == 0 {
			t.Errorf("nothing writes %s", name)
		}
	}
}

// actionConstants are the constants by name.
func actionConstants(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "audit_actions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Action") {
			out[spec.Names[0].Name] = strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		}
		return true
	})
	if len(out) < 10 {
		t.Fatalf("only %d constants", len(out))
	}
	return out
}

// usedActions counts the uses of the constants outside of their file, and reports
// entries whose action is a text of its own.
func usedActions(t *testing.T) map[string]int {
	t.Helper()
	used := map[string]int{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "hack" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return errorOr(err, filepath.SkipDir)
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "audit_actions.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				used[n.Name]++
			case *ast.CompositeLit:
				if entry(n.Type) && literalAction(n) {
					t.Errorf("%s makes an entry whose action is no constant", path)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return used
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func entry(typ ast.Expr) bool {
	switch typ := typ.(type) {
	case *ast.Ident:
		return typ.Name == "AuditEntry"
	case *ast.SelectorExpr:
		return typ.Sel.Name == "AuditEntry"
	}
	return false
}

func literalAction(lit *ast.CompositeLit) bool {
	return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok || kv.Key.(*ast.Ident).Name != "Action" {
			return false
		}
		_, text := kv.Value.(*ast.BasicLit)
		return text
	})
}

func TestEveryActOnMoneyHasADigestThatFollowsItsInputs(t *testing.T) {
	d := newDB(t)
	refund := func(n int, cents int64) ledger.Refund {
		return ledger.Refund{Identity: identity(n), Attempt: 1, Reference: "ref", Cents: cents, Actor: "controller"}
	}
	for n := 1; n <= 2; n++ {
		d.mustReserve(reservation(n, 1))
		s := settlement(n, 1)
		// Of one order or another, the amount differs alone.
		s.Actual.TotalCents += int64(n)
		s.Actual.TaxCents += int64(n)
		d.must(d.Settle(t.Context(), s))
		_, err := d.Refund(t.Context(), refund(n, int64(n)))
		d.must(err)
		d.mustReserve(reservation(n+10, 1))
		d.must(d.Release(t.Context(), release(n+10, 1)))
		_, err = d.BeginEpoch(t.Context(), ledger.EpochRestore, "ann")
		d.must(err)
		_, err = d.BeginEpoch(t.Context(), ledger.EpochRebuild, "bob")
		d.must(err)
	}
	got := value[string](d, `SELECT string_agg(concat_ws(' ', action, n, digests, actors), '; ' ORDER BY action) FROM (
    SELECT action, count(*) n, count(DISTINCT inputs_digest) digests, string_agg(DISTINCT actor, ' ') actors
    FROM audit_log WHERE length(inputs_digest) = 64 GROUP BY action) a`)
	want := "rebuild 2 2 bob; refund 2 2 controller; release 2 2 controller; reserve 4 4 controller; restore 2 2 ann; settle 2 2 controller"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := value[int64](d, `SELECT count(*) FROM audit_log WHERE inputs_digest = ''`); n != 0 {
		t.Errorf("%d rows without a digest", n)
	}
}

// TestWhatAProcessWritesAgainIsThereOnce with the rights of the controllers.
func TestWhatAProcessWritesAgainIsThereOnce(t *testing.T) {
	d := newStaff(t)
	controllers := d.ledgerAs("zma_operator")
	var rows []ledger.AuditEntry
	for _, action := range ledger.AuditActions() {
		for _, outcome := range []string{"a", "b"} {
			rows = append(rows, ledger.AuditEntry{Action: action, Namespace: "shop", Object: "zo-1", Attempt: 1,
				InputsDigest: ledger.InputsDigest(action), Detail: map[string]string{"outcome": outcome, "limit": "daily"}})
		}
	}
	d.must(controllers.Audit(t.Context(), rows...))
	d.must(controllers.Audit(t.Context(), rows...))
	got := value[string](d.db, `SELECT string_agg(concat_ws(' ', action, n), '; ' ORDER BY action) FROM (
    SELECT action, count(*) n FROM audit_log GROUP BY action HAVING count(*) < 4) a`)
	if want := "decide 2; order.transition 2; refuse 1; submit 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err := controllers.NewAuditSealer().Seal(t.Context())
	d.must(err)
	if r, err := controllers.VerifyAudit(t.Context(), nil); err != nil || !r.Sound() || r.Unsealed != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
