package measure

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// restored is the end of the outage in every test.
func restored() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// after is a time in seconds after the end of the outage.
func after(seconds float64) time.Time {
	return restored().Add(time.Duration(seconds * float64(time.Second)))
}

func submission(identity string, at float64) zmasim.Request {
	return zmasim.Request{At: after(at), Method: http.MethodPost, Path: "/v1/orders", Identity: identity, Key: "key-" + identity}
}

// flawless is a run of n orders, one a second old each, that went one a second in
// the order of their age.
func flawless(n int) Run {
	r := Run{RatePerMinute: 60, Began: after(-100), Ended: restored(), Warm: []string{"warm"}}
	r.Record.Requests = append(r.Record.Requests, submission("warm", -200))
	r.Record.Purchases = append(r.Record.Purchases, zmasim.Purchase{Identity: "warm"})
	for i := range n {
		identity := fmt.Sprint(i)
		r.Backlog = append(r.Backlog, Order{Identity: identity, Created: after(float64(i - n)), Ready: after(float64(i + 3))})
		r.Record.Requests = append(r.Record.Requests, submission(identity, float64(i+1)))
		r.Record.Purchases = append(r.Record.Purchases, zmasim.Purchase{Identity: identity})
	}
	return r
}

func TestFiguresOfAFlawlessRun(t *testing.T) {
	want := Figures{
		Backlog: 4, OutageSeconds: 100, FirstSeconds: 1, OldestSeconds: 1, DrainSeconds: 4, IdealSeconds: 4, DrainRatio: 1, Ready: 4, ReadySeconds: 6,
		PerSecond:  []int{0, 1, 1, 1, 1},
		Rate:       Rate{PerMinute: 60, PeakMinute: 4, PeakSecond: 1, LimitMinute: 66, LimitSecond: 7},
		Overtaking: Overtaking{FirstPlace: 1},
		Purchases:  Purchases{Orders: 5, Once: 5},
	}
	got := flawless(4).Figures()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	if broken := got.Broken(); len(broken) != 0 {
		t.Errorf("broken: %q", broken)
	}
}

// TestBrokenPromisesAreNamed spoils a flawless run in one way each.
func TestBrokenPromisesAreNamed(t *testing.T) {
	cases := map[string]struct {
		spoil func(*Run)
		want  string
		time  bool // the promise is about time alone
	}{
		"the first order came late": {
			func(r *Run) {
				for i := range r.Record.Requests[1:] {
					r.Record.Requests[i+1].At = after(float64(i) + 10.5)
				}
			}, "the oldest waiting order was submitted after 10.5 s, more than 10 s", true,
		},
		"a younger order went at once, the oldest late": {
			func(r *Run) { r.Record.Requests[1].At = after(12) }, "the oldest waiting order was submitted after 12.0 s, more than 10 s", true,
		},
		"nothing came": {
			func(r *Run) { r.Record.Requests = r.Record.Requests[:1] }, "the oldest waiting order was never submitted", true,
		},
		"an order of before the outage is not one that waited": {
			func(r *Run) { r.Record.Requests = []zmasim.Request{submission("warm", 1)} }, "the oldest waiting order was never submitted", true,
		},
		"a call of the outage's last moment was not taken": {
			func(r *Run) {
				for i := range r.Record.Requests {
					r.Record.Requests[i].Fault = string(zmasim.ErrorBefore)
				}
			}, "the oldest waiting order was never submitted", true,
		},
		"an order was bought twice": {
			func(r *Run) { r.Record.Purchases = append(r.Record.Purchases, zmasim.Purchase{Identity: "2"}) },
			"of 5 orders 4 were bought exactly once, 0 never, 1 more often; 0 purchases were of nothing ordered; 0 orders went under several keys", false,
		},
		"an order was never bought": {
			func(r *Run) { r.Record.Purchases = r.Record.Purchases[1:] },
			"of 5 orders 4 were bought exactly once, 1 never, 0 more often; 0 purchases were of nothing ordered; 0 orders went under several keys", false,
		},
		"something else was bought": {
			func(r *Run) { r.Record.Purchases = append(r.Record.Purchases, zmasim.Purchase{Identity: "other"}) },
			"of 5 orders 5 were bought exactly once, 0 never, 0 more often; 1 purchases were of nothing ordered; 0 orders went under several keys", false,
		},
		"a second key for one order": {
			func(r *Run) {
				again := submission("1", 8)
				again.Key = "another"
				r.Record.Requests = append(r.Record.Requests, again)
			},
			"of 5 orders 5 were bought exactly once, 0 never, 0 more often; 0 purchases were of nothing ordered; 1 orders went under several keys", false,
		},
		"an order stayed behind": {
			func(r *Run) { r.Backlog[1].Ready = time.Time{} }, "3 of 4 orders became Ready", false,
		},
		"too many at once, repeats included": {
			func(r *Run) {
				for range 7 {
					r.Record.Requests = append(r.Record.Requests, submission("3", 4.5))
				}
			}, "the rate was exceeded: 11 of 66 in a minute, 8 of 7 in a second", false,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := flawless(4)
			c.spoil(&r)
			f := r.Figures()
			if diff := cmp.Diff([]string{c.want}, f.Broken()); diff != "" {
				t.Errorf("broken (-want +got):\n%s", diff)
			}
			if always := f.BrokenAlways(); (len(always) == 0) != c.time {
				t.Errorf("broken on any machine: %q", always)
			}
		})
	}
}

func TestSubmissionsOfTheOutageAreCountedApart(t *testing.T) {
	r := flawless(4)
	early := submission("0", -5)
	early.Fault = string(zmasim.ErrorBefore)
	r.Record.Requests = append(r.Record.Requests, early)
	f := r.Figures()
	if f.DuringOutage != 1 || f.FirstSeconds != 1 {
		t.Errorf("%d during the outage, the first after it at %.1f s; want 1 and 1.0 s", f.DuringOutage, f.FirstSeconds)
	}
}
