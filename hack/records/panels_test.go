package records_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/records"
)

// What is not filled in must not pass for a query that was tried.
func TestPanelsAreFilledInAsGrafanaDoes(t *testing.T) {
	tests := []struct{ reason, sql, want string }{
		{"both ends", `SELECT $__timeFrom()::date, $__timeTo()`, `SELECT '2026-03-14T23:30:00Z'::date, '2026-03-15T00:30:00Z'`},
		{"a filter", `SELECT 1 WHERE $__timeFilter(at)`, `SELECT 1 WHERE at BETWEEN '2026-03-14T23:30:00Z' AND '2026-03-15T00:30:00Z'`},
		{"the variable", `SELECT 1 WHERE namespace IN (${namespace:sqlstring})`, `SELECT 1 WHERE namespace IN ('shop','outlet')`},
		{"a variable that is not there", `SELECT '$account'`, ""},
		{"a macro that is not known", `SELECT $__timeGroup(at, '1d')`, ""},
	}
	from := time.Date(2026, 3, 15, 0, 30, 0, 0, time.FixedZone("", 3600))
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "board.json")
			board := `{"panels": [{"title": "One", "type": "stat", "targets": [{"format": "table", "rawSql": "` + tc.sql + `"}]}]}`
			if err := os.WriteFile(file, []byte(board), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := records.Panels(file, from, from.Add(time.Hour))
			if tc.want == "" {
				if err == nil {
					t.Errorf("got %v, want an error", got)
				}
				return
			}
			if err != nil || len(got) != 1 || got[0].SQL != tc.want || got[0].Title != "panel One" || got[0].Type != "stat" {
				t.Errorf("got %+v, %v, want %s", got, err, tc.want)
			}
		})
	}
}
