package measure

import (
	"net/http"
	"time"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Run is what happened in one benchmark.
type Run struct {
	// Record is the provider's own account.
	Record zmasim.Record
	// RatePerMinute of the account's submissions.
	RatePerMinute int
	// Began and Ended are the ends of the outage.
	Began, Ended time.Time
	// Backlog are the orders that were sent during the outage.
	Backlog []Order
	// Warm are the identities of the orders that were sent before it.
	Warm []string
}

// Order of the backlog.
type Order struct {
	// Identity as the provider sees it.
	Identity string
	// Created is the order's age as the cluster knows it: in whole seconds, so
	// that orders of one second are of the same age.
	Created time.Time
	// Ready is when the order became Ready; zero when it did not.
	Ready time.Time
}

// submissions are the paid calls as they arrived, in the order of arrival.
func (r Run) submissions() []zmasim.Request {
	var out []zmasim.Request
	for _, q := range r.Record.Requests {
		if q.Method == http.MethodPost && q.Path == "/v1/orders" {
			out = append(out, q)
		}
	}
	return out
}

// first gives each identity's first submission that the provider took after the
// outage. A call that met a fault of the outage's last moment is none.
func (r Run) first() map[string]time.Time {
	out := map[string]time.Time{}
	for _, q := range r.submissions() {
		if q.At.Before(r.Ended) || q.Fault != "" {
			continue
		}
		if _, ok := out[q.Identity]; !ok {
			out[q.Identity] = q.At
		}
	}
	return out
}
