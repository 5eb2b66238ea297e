package load

import (
	"context"
	"math/rand/v2"
	"time"
)

// Turns say how works take turns.
type Turns struct {
	// Each is how long a turn is.
	Each time.Duration
	// Before runs before every work has its turn again, in no time that is measured.
	// Nothing does when nil; an error of it ends the work.
	Before func(context.Context) error
	// Keep tells, after every work has had a turn, whether these count; all do when
	// nil. What does not count is done again.
	Keep func() bool
	// Patience ends the trying, counted or not.
	Patience time.Duration
}

// Interleave does several kinds of work at one rate in turns, until each has had a
// time, so that what happens on the machine meanwhile happens to all of them. A
// turn begins when the last piece of the one before has ended. Results are in the
// order of the works.
func Interleave(ctx context.Context, r *rand.Rand, perSecond float64, over time.Duration, t Turns, works ...Work) ([]Result, error) {
	out := make([]Result, len(works))
	began := time.Now()
	for had := time.Duration(0); had < over && ctx.Err() == nil && time.Since(began) < t.Patience; {
		if t.Before != nil {
			if err := t.Before(ctx); err != nil {
				return nil, err
			}
		}
		turn := min(t.Each, over-had)
		results := make([]Result, len(works))
		for i, w := range works {
			results[i] = Open(ctx, r, w, perSecond, turn)
		}
		if t.Keep != nil && !t.Keep() {
			continue
		}
		had += turn
		for i := range out {
			out[i].join(results[i])
		}
	}
	for i := range out {
		out[i].sort()
	}
	return out, nil
}

// join adds what another load has brought; times are no longer sorted then.
func (r *Result) join(o Result) {
	if r.Failures == nil {
		r.Failures = map[string]int{}
	}
	for word, n := range o.Failures {
		r.Failures[word] += n
	}
	r.Latencies, r.Lags = append(r.Latencies, o.Latencies...), append(r.Lags, o.Lags...)
	r.Offered += o.Offered
}
