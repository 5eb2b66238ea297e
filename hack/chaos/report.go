package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

// Report is how a run went.
type Report struct {
	// Plan of the run.
	Plan *Plan
	// Violations of the oracle.
	Violations []oracle.Violation
	// Complaints beside them: statuses that break rules, webhooks that were not
	// taken, orders that did not stop.
	Complaints []string
	// Evidence at the end.
	Evidence oracle.Evidence
	// Statuses that were judged, Starts of processes, Handovers of leadership, and
	// FaultsMet by calls and callbacks.
	Statuses, Starts, Handovers, FaultsMet int
	// Took is how long it took.
	Took time.Duration

	log     []string
	stories map[string]string
	lines   map[string]string // of logs, about an order
	tails   map[string]string
}

// Failed tells whether the product broke a promise.
func (r *Report) Failed() bool { return len(r.Violations)+len(r.Complaints) > 0 }

func (r *Report) add(v []oracle.Violation) { r.Violations = append(r.Violations, v...) }

func (r *Report) complain(err error) {
	if err != nil {
		r.Complaints = append(r.Complaints, strings.Split(err.Error(), "\n")...)
	}
}

// Replay is the command that does the same run again.
func (r *Report) Replay() string { return fmt.Sprintf("make test-chaos SEED=%d", r.Plan.Seed) }

// Summary is one line.
func (r *Report) Summary() string {
	return fmt.Sprintf("seed %d: %d orders, %d purchases, %d calls, %d faults met, %d statuses, %d processes started, %d handovers, in %.0fs; %d violations, %d complaints",
		r.Plan.Seed, len(r.Plan.Orders), len(r.Evidence.Record.Purchases), len(r.Evidence.Record.Requests), r.FaultsMet, r.Statuses,
		r.Starts, r.Handovers, r.Took.Seconds(), len(r.Violations), len(r.Complaints))
}

// First is the first thing that went wrong, in words.
func (r *Report) First() string {
	switch {
	case len(r.Violations) > 0:
		return r.Violations[0].Error()
	case len(r.Complaints) > 0:
		return r.Complaints[0]
	}
	return ""
}

// Ends are the reasons that orders have at the end, with their numbers.
func (r *Report) Ends() string {
	count := map[string]int{}
	for _, o := range r.Evidence.Orders {
		count[o.Reason]++
	}
	var out []string
	for _, reason := range slices.Sorted(maps.Keys(count)) {
		out = append(out, fmt.Sprintf("%s %d", reason, count[reason]))
	}
	return strings.Join(out, ", ")
}

// Happened is what was done to the machinery, line by line.
func (r *Report) Happened() string { return strings.Join(r.log, "\n") }
