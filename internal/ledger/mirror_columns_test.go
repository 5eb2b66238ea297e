package ledger

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Columns that the mirror's JSON leaves out would silently be stored as NULL.
func TestMirrorRowsNameTheColumnsOfTheirTables(t *testing.T) {
	for table, tc := range map[string]struct {
		row      any
		identity []string
	}{
		"orders":      {orderRow{}, nil},
		"order_items": {itemRow{}, []string{"namespace", "source", "external_id"}},
	} {
		if diff := cmp.Diff(columnsOf(t, table), append(tc.identity, tags(tc.row)...)); diff != "" {
			t.Errorf("%s: %s", table, diff)
		}
	}
}

// columnsOf reads them from the migration, where each stands on its own line.
func columnsOf(t *testing.T, table string) []string {
	t.Helper()
	sql, err := migrationFiles.ReadFile("migrations/00002_orders.sql")
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`(?s)CREATE TABLE ` + table + ` \((.*?)\n\);`).FindSubmatch(sql)
	if body == nil {
		t.Fatalf("no table %s", table)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^    ([a-z_]+) `).FindAllSubmatch(body[1], -1) {
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
