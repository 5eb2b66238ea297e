package oracle

import (
	"fmt"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// provenFirst checks that each further attempt came after proof that the one
// before it had failed: a refusal of its call, or an answer about its order that
// somebody could read. That nothing was bought twice may be luck; this is not.
func (b *books) provenFirst(s Script) error {
	first := map[int64]int{} // index of the first call of each attempt
	for i, q := range b.Record.Requests {
		if _, seen := first[q.Attempt]; isPaidCall(q) && q.Identity == s.Identity && !seen {
			first[q.Attempt] = i
		}
	}
	for attempt, i := range first {
		if attempt > 1 && !proven(b.Record.Requests[:i], s.Identity, attempt-1) {
			return fmt.Errorf("attempt %d was sent without proof that attempt %d had failed", attempt, attempt-1)
		}
	}
	return nil
}

// proven tells whether calls show that an attempt has failed, or has at least
// been asked about with an answer.
func proven(calls []zmasim.Request, identity string, attempt int64) bool {
	requests := map[string]bool{}
	for _, q := range calls {
		switch {
		case isPaidCall(q) && q.Identity == identity && q.Attempt == attempt:
			readable := q.Fault == "" || q.Fault == string(zmasim.Slow)
			if readable && q.Status >= 400 && q.Status < 500 {
				return true
			}
			requests[q.RequestID] = true
		case q.Method == "GET" && q.RequestID != "" && requests[q.RequestID] && q.Status == 200:
			return true
		}
	}
	return false
}
