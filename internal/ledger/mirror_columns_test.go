package ledger

import (
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Columns that the mirror's JSON leaves out would silently be stored as NULL.
func TestMirrorRowsNameTheColumnsOfTheirTables(t *testing.T) {
	for table, tc := range map[string]struct {
		row      any
		identity []string
	}{
		"orders":      {orderRow{}, []string{"erased_at"}}, // written by erasure alone
		"order_items": {itemRow{}, []string{"namespace", "source", "external_id"}},
	} {
		want := append(tc.identity, tags(tc.row)...)
		slices.Sort(want)
		if diff := cmp.Diff(columnsOf(t, table), want); diff != "" {
			t.Errorf("%s: %s", table, diff)
		}
	}
}

// columnsOf reads them, sorted, from the migrations, where each stands on its own
// line.
func columnsOf(t *testing.T, table string) []string {
	t.Helper()
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	created := regexp.MustCompile(`(?s)CREATE TABLE ` + table + ` \((.*?)\n\);`)
	altered := regexp.MustCompile(`(?s)ALTER TABLE ` + table + `\b(.*?);`)
	var out []string
	for _, e := range entries {
		sql, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range created.FindAllSubmatch(sql, -1) {
			out = append(out, names(`(?m)^    ([a-z_]+) `, body[1])...)
		}
		for _, body := range altered.FindAllSubmatch(sql, -1) {
			out = append(out, names(`ADD COLUMN ([a-z_]+) `, body[1])...)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no table %s", table)
	}
	slices.Sort(out)
	return out
}

func names(pattern string, sql []byte) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(sql, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

func tags(row any) []string {
	var out []string
	for field := range reflect.TypeOf(row).Fields() {
		out = append(out, field.Tag.Get("json"))
	}
	return out
}
