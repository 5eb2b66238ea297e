package intake

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

// Report is how a run went.
type Report struct {
	// Evidence and what the oracle says of it.
	Evidence   oracle.Evidence
	Violations []oracle.Violation
	// Wide and Narrow are the figures of the two sources.
	Wide, Narrow Figures
	// Took is how long it took.
	Took time.Duration

	happened []string
}

// mostShown bounds the violations that are shown.
const mostShown = 20

// String is the report for people.
func (r *Report) String() string {
	var b strings.Builder
	_, killed := oracle.Missing(r.Evidence)
	fmt.Fprintf(&b, "%s\n", strings.Join(r.happened, "\n"))
	fmt.Fprintf(&b, "wide source:\n%s", r.Wide)
	if r.Narrow.Deliveries > 0 {
		fmt.Fprintf(&b, "narrow source:\n%s", r.Narrow)
	}
	fmt.Fprintf(&b, "orders that exist: %d\ndelivery log: %d rows, %d dropped, %d lost with a kill\n", len(r.Evidence.Objects), len(r.Evidence.Rows), r.Evidence.Dropped, killed)
	fmt.Fprintf(&b, "took %s; %d violations\n", r.Took.Round(time.Second), len(r.Violations))
	for i, v := range r.Violations {
		if i == mostShown {
			fmt.Fprintf(&b, "and %d more\n", len(r.Violations)-mostShown)
			break
		}
		fmt.Fprintf(&b, "VIOLATION %s\n", v.Error())
	}
	return b.String()
}

// String is the figures for people.
func (f Figures) String() string {
	return fmt.Sprintf("  %d webhooks, %d taken, %d of them (%.1f %%) at the first try; first answers: %s\n"+
		"  %d tries, %d of them retries; answers: %s; without an answer: %s\n"+
		"  from first try to acceptance: p50 %s, p99 %s, longest %s; one answer: p99 %s, longest %s\n",
		f.Deliveries, f.Taken, f.FirstTries, 100*share(f.FirstTries, f.Taken), counts(f.FirstAnswers),
		f.Tries, f.Tries-f.Deliveries, counts(f.Answers), counts(f.Troubles),
		round(f.P50), round(f.P99), round(f.Longest), round(f.AnswerP99), round(f.LongestAnswer))
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// counts lists numbers by name, in the names' order.
func counts[K ~int | ~string](m map[K]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%v: %d", k, m[k]))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// keepLogs copies log files into a folder; nothing when it is empty.
func keepLogs(files []string, dir string) error {
	if dir == "" {
		return nil
	}
	for _, path := range files {
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		to, err := os.Create(filepath.Join(dir, filepath.Base(path)))
		if err == nil {
			_, err = io.Copy(to, from)
		}
		if err != nil {
			return fmt.Errorf("keep %s: %w", path, err)
		}
	}
	return nil
}
