package ledger_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The export of the page is what a spreadsheet opens: a header, then one line for
// each row that the reporter may read.
func TestReportersExportCSV(t *testing.T) {
	u := generated(t, 2000)
	conn := reader(t, u, "zma_reporter")
	if _, err := connect(t, u).Exec(t.Context(), `DELETE FROM reporter_namespaces WHERE namespace = 'shop'`); err != nil {
		t.Fatal(err)
	}
	export := readyQueries(t)["Export as CSV"]
	if !strings.HasPrefix(export, "COPY (") {
		t.Fatalf("the page exports by %q", export)
	}
	var out bytes.Buffer
	if _, err := conn.PgConn().CopyTo(t.Context(), &out, export); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	for _, column := range []string{"namespace", "external_id", "day", "currency", "total_cents", "variance_percent"} {
		if !slices.Contains(lines[0], column) {
			t.Errorf("the header %v has no %s", lines[0], column)
		}
	}
	want := texts(t, connect(t, u), `SELECT count(*)::text FROM zma_cost_tracking
		WHERE namespace = 'outlet' AND (reserved_at AT TIME ZONE 'UTC')::date >= current_date - 31`)
	if got := strconv.Itoa(len(lines) - 1); got != want[0] || want[0] == "0" {
		t.Errorf("%s lines, want %s", got, want[0])
	}
	for _, line := range lines[1:] {
		if line[0] != "outlet" {
			t.Errorf("a row of %s went out", line[0])
		}
	}
}
