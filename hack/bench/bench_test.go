package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/bench/measure"
)

// TestShortOutageIsSurvived runs the short benchmark once. It leaves out the one
// promise about time, which a loaded machine could not keep.
func TestShortOutageIsSurvived(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts the whole stack")
	}
	const orders = 100
	figures := filepath.Join(t.TempDir(), "figures.json")
	var report strings.Builder
	err := bench(t.Context(), []string{"-orders=100", "-outage=20s", "-kind=refuse", "-rate=600", "-json=" + figures}, &report, t.Output())
	t.Logf("the report:\n%s", report.String())
	raw, readErr := os.ReadFile(figures)
	if readErr != nil {
		t.Fatalf("no figures: %v; the benchmark ended with %v", readErr, err)
	}
	var f measure.Figures
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if f.Backlog != orders || f.Ready != orders || f.OldestSeconds < 0 {
		t.Errorf("%d orders waited, %d became Ready, the oldest was submitted after %.1f s; want %d of %d", f.Backlog, f.Ready, f.OldestSeconds, orders, orders)
	}
	for _, broken := range f.BrokenAlways() {
		t.Error(broken)
	}
	wantVerdict := "outage benchmark: PASS"
	if len(f.Broken()) > 0 {
		wantVerdict = "outage benchmark: FAIL"
	}
	if !strings.Contains(report.String(), wantVerdict) {
		t.Errorf("the report has no line %q", wantVerdict)
	}
	if (err == nil) != (len(f.Broken()) == 0) {
		t.Errorf("the benchmark ended with %v, and these promises were broken: %q", err, f.Broken())
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for reason, args := range map[string][]string{
		"an outage of a kind that does not exist": {"-kind=flood"},
		"no order waits":                      {"-orders=0"},
		"no outage":                           {"-outage=0s"},
		"nothing may ever be submitted":       {"-rate=0"},
		"more than the account's field takes": {"-rate=60001"},
		"an argument beside the flags":        {"refuse"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is accepted: %s", args, reason)
		}
	}
}

func TestOptionsDefaultToThePromise(t *testing.T) {
	o, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.orders != 500 || o.outage != 5*time.Minute || o.kind != refuse || o.rate != 600 {
		t.Errorf("the defaults are %+v", o)
	}
}
