package chaos

import (
	"fmt"
	"strings"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

// mostShown bounds the violations that are shown in full.
const mostShown = 12

// String is everything that helps to find out what went wrong.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nreplay: %s\n", r.Summary(), r.Replay())
	for i, v := range r.Violations {
		if i == mostShown {
			fmt.Fprintf(&b, "and %d more\n", len(r.Violations)-mostShown)
			break
		}
		fmt.Fprintf(&b, "\nVIOLATION %s\n  story:\n    %s\n  calls:\n%s  log:\n%s", v.Error(), r.stories[v.Script.ID], r.calls(v.Script), r.lines[v.Script.ID])
	}
	for i, c := range r.Complaints {
		if i == mostShown {
			fmt.Fprintf(&b, "and %d more\n", len(r.Complaints)-mostShown)
			break
		}
		fmt.Fprintf(&b, "\nCOMPLAINT %s\n", c)
	}
	fmt.Fprintf(&b, "\nwhat happened:\n%s\n", r.Happened())
	for name, tail := range r.tails {
		fmt.Fprintf(&b, "\nthe end of the log of %s:\n%s\n", name, tail)
	}
	return b.String()
}

// calls are the provider's record of an order.
func (r *Report) calls(s oracle.Script) string {
	requests := map[string]bool{}
	for _, q := range r.Evidence.Record.Requests {
		if q.Identity == s.Identity && q.RequestID != "" {
			requests[q.RequestID] = true
		}
	}
	var b strings.Builder
	for _, q := range r.Evidence.Record.Requests {
		if q.Identity == s.Identity || requests[q.RequestID] {
			fmt.Fprintf(&b, "    %s %s %s key=%s attempt=%d status=%d fault=%s request=%s\n", q.At.Format("05.000"), q.Method, q.Path, q.Key, q.Attempt, q.Status, q.Fault, q.RequestID)
		}
	}
	return b.String()
}
