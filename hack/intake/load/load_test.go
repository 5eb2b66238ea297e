package load_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/load"
)

// server serves one piece at a time, each in a fixed time.
type server struct {
	mu     sync.Mutex
	takes  time.Duration
	word   string
	served atomic.Int64
}

func (s *server) Next() func(context.Context) string {
	return func(context.Context) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		time.Sleep(s.takes)
		s.served.Add(1)
		return s.word
	}
}

func TestCapacityIsWhatTheServerCanDo(t *testing.T) {
	s := &server{takes: 5 * time.Millisecond}
	before := 0
	best, steps, err := load.Capacity(t.Context(), s, load.Search{Most: 64, Each: 200 * time.Millisecond, Before: func(context.Context) error { before++; return nil }})
	if err != nil || before != len(steps) {
		t.Errorf("%d steps, %d times something before: %v", len(steps), before, err)
	}
	if best > 200 {
		t.Errorf("%.0f a second of a server that can do 200", best)
	}
	if best == 0 || len(steps) < 5 || len(steps) > 7 {
		t.Errorf("%.0f a second after %d steps: %+v", best, len(steps), steps)
	}
}

func TestFailuresAreNoCapacity(t *testing.T) {
	best, steps, err := load.Capacity(t.Context(), &server{takes: time.Millisecond, word: "503"}, load.Search{Most: 4, Each: 50 * time.Millisecond})
	if err != nil || best != 0 || len(steps) != 3 || steps[0].Failures == 0 {
		t.Errorf("%.0f a second: %+v, %v", best, steps, err)
	}
}

func TestAnErrorBeforeAStepEndsTheSearch(t *testing.T) {
	broken, s := errors.New("broken"), &server{}
	_, steps, err := load.Capacity(t.Context(), s, load.Search{Most: 4, Each: 50 * time.Millisecond, Before: func(context.Context) error { return broken }})
	if !errors.Is(err, broken) || len(steps) != 0 || s.served.Load() != 0 {
		t.Errorf("%v after %+v", err, steps)
	}
}

// TestWaitingCounts is what a closed loop, or a clock that starts with the request,
// would hide: a server that is too slow for its load is slower the longer it lasts.
func TestWaitingCounts(t *testing.T) {
	s := &server{takes: 10 * time.Millisecond}
	r := load.Open(t.Context(), rand.New(rand.NewPCG(1, 2)), s, 400, 500*time.Millisecond)
	if int64(r.Offered) != s.served.Load() || len(r.Latencies) != r.Offered || len(r.Lags) != r.Offered {
		t.Fatalf("%d offered, %d served, %d measured, %d lags", r.Offered, s.served.Load(), len(r.Latencies), len(r.Lags))
	}
	if longest := load.Quantile(r.Latencies, 1); longest < time.Second/2 {
		t.Errorf("the last of %d pieces took %s", r.Offered, longest)
	}
}

func TestArrivalsHaveTheirRateAndExponentialGaps(t *testing.T) {
	r := load.Open(t.Context(), rand.New(rand.NewPCG(1, 2)), &server{word: "refused"}, 1000, time.Second)
	if r.Offered < 850 || r.Offered > 1150 {
		t.Errorf("%d arrivals in a second, want about 1000", r.Offered)
	}
	if r.Failures["refused"] != r.Offered || len(r.Latencies) != 0 {
		t.Errorf("%d of %d failures are counted, %d latencies", r.Failures["refused"], r.Offered, len(r.Latencies))
	}
}

func TestQuantilesAndMedians(t *testing.T) {
	var times []time.Duration
	for i := range 100 {
		times = append(times, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, .5: 51, .99: 100, 1: 100} {
		if got := load.Quantile(times, q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if load.Quantile(nil, .5) != 0 || load.Median(nil) != 0 {
		t.Error("there is a quantile, or a median, of nothing")
	}
	if m := load.Median([]float64{9, 1, 5}); m != 5 {
		t.Errorf("the median of three is %v", m)
	}
	if m := load.Median([]float64{9, 1, 5, 3}); m != 4 {
		t.Errorf("the median of four is %v", m)
	}
}

func TestTurnsGiveEachWorkItsTime(t *testing.T) {
	a, b := &server{takes: time.Millisecond}, &server{word: "503"}
	r, err := load.Interleave(t.Context(), rand.New(rand.NewPCG(1, 2)), 200, 500*time.Millisecond, load.Turns{Each: 200 * time.Millisecond, Patience: time.Minute}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []*server{a, b} {
		if n := s.served.Load(); int64(r[i].Offered) != n || n < 60 || n > 140 {
			t.Errorf("work %d was done %d times and is counted %d times, want about 100", i, n, r[i].Offered)
		}
	}
	if len(r[0].Latencies) != r[0].Offered || r[1].Failures["503"] != r[1].Offered {
		t.Errorf("results are mixed up: %+v", r)
	}
	if !slices.IsSorted(r[0].Latencies) || !slices.IsSorted(r[0].Lags) {
		t.Error("times are not sorted")
	}
}

func TestTurnsThatDoNotCountAreDoneAgain(t *testing.T) {
	a, b, asked := &server{}, &server{}, 0
	r, err := load.Interleave(t.Context(), rand.New(rand.NewPCG(1, 2)), 400, 200*time.Millisecond,
		load.Turns{Each: 100 * time.Millisecond, Patience: time.Minute, Keep: func() bool { asked++; return asked > 2 }}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	if asked != 4 || int64(r[0].Offered) >= a.served.Load() || len(r[1].Latencies) != r[1].Offered || r[1].Offered == 0 {
		t.Errorf("asked %d times, %d of %d pieces count", asked, r[0].Offered, a.served.Load())
	}
	r, err = load.Interleave(t.Context(), rand.New(rand.NewPCG(1, 2)), 400, time.Second,
		load.Turns{Each: 50 * time.Millisecond, Patience: 200 * time.Millisecond, Keep: func() bool { return false }}, a)
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Offered != 0 {
		t.Errorf("%d pieces count though none may", r[0].Offered)
	}
}

func TestWhatComesBeforeTurnsComesBeforeEachAndCanEndThem(t *testing.T) {
	a, before := &server{}, 0
	turns := load.Turns{Each: 50 * time.Millisecond, Patience: time.Minute, Before: func(context.Context) error { before++; return nil }}
	if _, err := load.Interleave(t.Context(), rand.New(rand.NewPCG(1, 2)), 400, 200*time.Millisecond, turns, a); err != nil || before != 4 {
		t.Errorf("ran %d times before four turns: %v", before, err)
	}
	done := a.served.Load()
	broken := errors.New("broken")
	turns.Before = func(context.Context) error { return broken }
	if _, err := load.Interleave(t.Context(), rand.New(rand.NewPCG(1, 2)), 400, 200*time.Millisecond, turns, a); !errors.Is(err, broken) || a.served.Load() != done {
		t.Errorf("%d pieces were done after an error: %v", a.served.Load()-done, err)
	}
}
