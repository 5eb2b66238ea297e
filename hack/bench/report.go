package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/zma-operator/zma-operator/hack/bench/measure"
)

// report prints the figures and the verdict.
func report(w io.Writer, o options, f measure.Figures) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", what, fmt.Sprintf(format, args...)) // Flush tells
	}
	row("outage", "%s for %.0f s", o.kind, f.OutageSeconds)
	row("orders that waited", "%d", f.Backlog)
	row("submissions that reached the failing provider", "%d", f.DuringOutage)
	row("oldest order submitted after", "%s, promised %.0f s", seconds(f.OldestSeconds), measure.MaxWait.Seconds())
	row("first order submitted after", "%s, place %d in age", seconds(f.FirstSeconds), f.Overtaking.FirstPlace)
	row("last order submitted after", "%s, ideal %s, ratio %s", seconds(f.DrainSeconds), seconds(f.IdealSeconds), ratio(f.DrainRatio))
	row("all Ready after", "%s, %d of %d", seconds(f.ReadySeconds), f.Ready, f.Backlog)
	row("rate", "%d a minute", f.Rate.PerMinute)
	row("most submissions in 60 s", "%d of %d allowed", f.Rate.PeakMinute, f.Rate.LimitMinute)
	row("most submissions in 1 s", "%d of %d allowed", f.Rate.PeakSecond, f.Rate.LimitSecond)
	row("orders that overtook an older one", "%d; at most %d places, %.0f s of age", f.Overtaking.Orders, f.Overtaking.MostPlaces, f.Overtaking.MostAgeSeconds)
	row("orders bought exactly once", "%d of %d", f.Purchases.Once, f.Purchases.Orders)
	row("bought never, more than once, not ordered", "%d, %d, %d", f.Purchases.Never, f.Purchases.More, f.Purchases.Foreign)
	row("orders sent under several keys", "%d", f.Purchases.SeveralKeys)
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, verdict(f))
	return err
}

func verdict(f measure.Figures) string {
	if broken := f.Broken(); len(broken) > 0 {
		return "outage benchmark: FAIL " + strings.Join(broken, "; ")
	}
	return fmt.Sprintf("outage benchmark: PASS the oldest of %d waiting orders was submitted after %s, all within the rate, each bought once",
		f.Backlog, seconds(f.OldestSeconds))
}

func seconds(s float64) string {
	if s < 0 {
		return "never"
	}
	return fmt.Sprintf("%.1f s", s)
}

func ratio(r float64) string {
	if r < 0 {
		return "none"
	}
	return fmt.Sprintf("%.2f", r)
}

// write puts the figures into a file, for machines.
func write(path string, o options, f measure.Figures) error {
	raw, err := json.MarshalIndent(struct {
		Kind   kind     `json:"kind"`
		Pass   bool     `json:"pass"`
		Broken []string `json:"broken,omitempty"`
		measure.Figures
	}{o.kind, len(f.Broken()) == 0, f.Broken(), f}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}
