package load

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Result of an open load. Times are sorted.
type Result struct {
	// Latencies from the instant at which a piece was due to its end, of those that
	// succeeded. What waits because the server, or this machine, is busy has waited.
	Latencies []time.Duration
	// Lags from that instant to the piece's beginning: what this generator adds by
	// itself, because the machine has no time for it.
	Lags []time.Duration
	// Failures by their word.
	Failures map[string]int
	// Offered is how many pieces were due.
	Offered int
}

// add notes how a piece went that was due at a time, and began late by lag.
func (r *Result) add(word string, lag, took time.Duration) {
	r.Lags = append(r.Lags, lag)
	if word != "" {
		r.Failures[word]++
		return
	}
	r.Latencies = append(r.Latencies, took)
}

// sort brings the times into their order.
func (r *Result) sort() {
	slices.Sort(r.Latencies)
	slices.Sort(r.Lags)
}

// Open does pieces at a rate per second for a time, with exponential gaps, and
// returns once the last has ended.
func Open(ctx context.Context, r *rand.Rand, w Work, perSecond float64, over time.Duration) Result {
	out := Result{Failures: map[string]int{}}
	var mu sync.Mutex
	var all sync.WaitGroup
	began := time.Now()
	for due := gap(r, perSecond); due < over && ctx.Err() == nil; due += gap(r, perSecond) {
		do := w.Next()
		at := began.Add(due)
		time.Sleep(time.Until(at))
		out.Offered++
		all.Go(func() {
			lag := time.Since(at)
			word := do(ctx)
			took := time.Since(at)
			mu.Lock()
			defer mu.Unlock()
			out.add(word, lag, took)
		})
	}
	all.Wait()
	out.sort()
	return out
}

// gap to the next arrival of senders who know nothing of each other.
func gap(r *rand.Rand, perSecond float64) time.Duration {
	return time.Duration(r.ExpFloat64() / perSecond * float64(time.Second))
}
