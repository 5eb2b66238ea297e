package load

import (
	"context"
	"sync"
	"time"
)

// growth below which more workers count as no gain.
const growth = 1.05

// Step is one measurement of the closed loop.
type Step struct {
	// Workers that each begin a piece when their last one has ended.
	Workers int `json:"workers"`
	// PerSecond is what they got done.
	PerSecond float64 `json:"perSecond"`
	// Failures among it.
	Failures int `json:"failures"`
}

// crew is how many workers are tried at least. One or two get much done by turns with
// a server on one core, and two more as much: that is not yet all it can do.
const crew = 16

// Search says how Capacity searches.
type Search struct {
	// Most workers to try.
	Most int
	// Each is how long a step takes.
	Each time.Duration
	// Before runs before every step, in no time that is measured. Nothing does when
	// nil; an error of it ends the search.
	Before func(context.Context) error
}

// Capacity doubles the workers until that brings no more, and returns the best
// throughput with all steps. What one step brings may be noise, so two have to bring
// nothing.
func Capacity(ctx context.Context, w Work, how Search) (best float64, steps []Step, err error) {
	flat := 0
	for workers := 1; workers <= how.Most && (flat < 2 || workers <= crew) && ctx.Err() == nil; workers *= 2 {
		if how.Before != nil {
			if err := how.Before(ctx); err != nil {
				return best, steps, err
			}
		}
		s := closed(ctx, w, workers, how.Each)
		steps = append(steps, s)
		flat++
		if s.PerSecond > best*growth {
			flat = 0
		}
		best = max(best, s.PerSecond)
	}
	return best, steps, ctx.Err()
}

// closed lets workers do pieces for a time.
func closed(ctx context.Context, w Work, workers int, over time.Duration) Step {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, over)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	done, failures := 0, 0
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				do := w.Next()
				mu.Unlock()
				word := do(context.WithoutCancel(ctx)) // pieces that are begun are ended
				mu.Lock()
				done++
				if word != "" {
					failures++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return Step{Workers: workers, PerSecond: float64(done-failures) / time.Since(began).Seconds(), Failures: failures}
}
