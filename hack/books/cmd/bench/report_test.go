package main

import (
	"testing"
	"time"
)

func round(p99, others float64) Round {
	s := Series{Count: 1, P50: 1, P99: p99}
	return Round{Reserve: s, Settle: s, Release: s, OthersShare: others}
}

func TestTheVerdictIsOfTheMedianOfQuietRounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rounds []Round
		pass   bool
		out    int
	}{
		"all under the bar":               {[]Round{round(4, 0), round(5, 0), round(6, 0)}, true, 0},
		"one disturbed round of three":    {[]Round{round(4, 0), round(50, 0), round(6, 0)}, true, 0},
		"two slow rounds of three":        {[]Round{round(4, 0), round(50, 0), round(60, 0)}, false, 0},
		"the bar itself is too slow":      {[]Round{round(10, 0)}, false, 0},
		"a busy machine does not count":   {[]Round{round(4, 0), round(50, 0.8), round(60, 0.8)}, true, 2},
		"unless it was busy in all of it": {[]Round{round(50, 0.8)}, false, 0},
	} {
		r := Report{BarMillis: 10, Rounds: c.rounds}
		if r.sum(); r.Pass != c.pass || r.LeftOut != c.out {
			t.Errorf("%s: pass %v with %d rounds left out, want %v and %d", name, r.Pass, r.LeftOut, c.pass, c.out)
		}
	}
}

func TestAFewOrdersAreMeasured(t *testing.T) {
	t.Parallel()
	var r Report
	// The figures are this machine's of the moment: only that they are there is tested.
	if err := r.measure(t.Context(), options{rounds: 1, over: time.Second, bar: time.Hour, seed: 1}, t.Output()); err == nil {
		t.Error("a rate of nothing was measured")
	}
	r = Report{OrdersPerSecond: 20, BarMillis: millis(time.Hour)}
	if err := r.measure(t.Context(), options{rounds: 1, over: 3 * time.Second, seed: 1}, t.Output()); err != nil {
		t.Fatal(err)
	}
	got := r.Rounds[0]
	for name, s := range map[string]Series{"reserve": got.Reserve, "settle": got.Settle, "release": got.Release, "mirror": got.Mirror} {
		if s.Count == 0 || s.P50 <= 0 || s.P99 < s.P50 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if got.Reserve.Count != got.Settle.Count+got.Release.Count || !r.Pass {
		t.Errorf("%d reserved, %d settled, %d released, pass %v", got.Reserve.Count, got.Settle.Count, got.Release.Count, r.Pass)
	}
}
