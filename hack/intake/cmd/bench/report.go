package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// report prints the figures and the verdict.
func (f figures) report(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) } // Flush tells
	for _, s := range f.Search {
		row(fmt.Sprintf("closed loop, %d senders", s.Workers), fmt.Sprintf("%.0f per second, %d failures", s.PerSecond, s.Failures))
	}
	row("cores", f.Cores)
	row("garbage of the API server", f.Garbage)
	row("capacity", fmt.Sprintf("%.0f per second", f.Capacity))
	f.Half.rows(row, "half")
	f.Full.rows(row, "full")
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+f.verdict())
	return err
}

// rows of one level: medians over the rounds with their error, the least and the
// most behind them.
func (l level) rows(row func(...string), name string) {
	row("")
	row(fmt.Sprintf("%s capacity, %.0f per second, in ms", name, l.PerSecond), "webhook", "bare Create", "our own share")
	row("p50", l.Webhook.P50.String(), l.Create.P50.String(), l.ShareP50.String())
	row("p99", l.Webhook.P99.String(), l.Create.P99.String(), l.ShareP99.String())
	row("each webhook less its own Create, p50", "", "", l.OwnP50.String())
	row("each webhook less its own Create, p99", "", "", l.OwnP99.String())
	row("max", l.Webhook.Max.String(), l.Create.Max.String())
	row("mean by the servers' clocks", "", "", l.ShareMean.String())
	row("load generator late, p99", l.Webhook.Lag.String(), l.Create.Lag.String())
	row("other programs, at most", fmt.Sprintf("%.0f %% of the machine; %d turns left out", 100*l.Others, l.LeftOut))
	row("ratio of the p99", "", "", l.RatioP99.String())
	row("failures", failures(l.Failures), failures(l.CreateFailures))
}

// String is the median with its error and the spread.
func (s spread) String() string {
	return fmt.Sprintf("%.2f ± %.2f (%.2f to %.2f)", s.Median, s.Error, s.Least, s.Most)
}

func failures(words map[string]int) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.TrimPrefix(fmt.Sprint(words), "map")
}

// verdict is the last line.
func (f figures) verdict() string {
	if broken := f.Broken(); len(broken) > 0 {
		return "webhook benchmark: FAIL " + strings.Join(broken, "; ")
	}
	share, own := f.Half.ShareP99, f.Half.OwnP99
	return fmt.Sprintf("webhook benchmark: PASS at half capacity, %.0f per second, the webhooks' 99th percentile is %.2f ms, give or take %.2f ms, above that of the bare Creates; that of each webhook less its own Create is %.2f ms, give or take %.2f ms",
		f.Half.PerSecond, share.Median, share.Error, own.Median, own.Error)
}

// write puts the figures into a file, for machines.
func (f figures) write(path string) error {
	raw, err := json.MarshalIndent(struct {
		Pass   bool     `json:"pass"`
		Broken []string `json:"broken,omitempty"`
		figures
	}{len(f.Broken()) == 0, f.Broken(), f}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}
