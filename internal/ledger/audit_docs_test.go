package ledger_test

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentedQueryFindsWhatTheProgramDoes runs the query of docs/audit.md:
// the encoding is the one described, for others to check.
func TestTheDocumentedQueryFindsWhatTheProgramDoes(t *testing.T) {
	raw, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "```sql\n")
	query, _, found := strings.Cut(rest, ";\n```")
	if !found {
		t.Fatal("no query in docs/audit.md")
	}
	d := chained(t)
	ids := `SELECT COALESCE(string_agg(id::text, ' '), '') FROM (` + query + `) q`
	if got := value[string](d, ids); got != "" {
		t.Errorf("of an untouched trail: %s", got)
	}
	d.must(d.tamper(`UPDATE audit_log SET actor = 'bob' WHERE id = 5; DELETE FROM audit_log WHERE id = 8`))
	if got := value[string](d, ids); got != "5 8" {
		t.Errorf("found %q, want 5 8", got)
	}
}

// TestTheDigestCoversEveryColumn fails for a new column: it needs a new format.
func TestTheDigestCoversEveryColumn(t *testing.T) {
	d := newDB(t)
	got := value[string](d, `SELECT string_agg(attname::text, ' ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = 'audit_log'::regclass AND attnum > 0 AND NOT attisdropped`)
	if want := "id at actor action namespace object attempt inputs_digest detail"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
}
