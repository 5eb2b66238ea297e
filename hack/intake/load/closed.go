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

// Capacity doubles the workers, up to a most, until that brings no more, and
// returns the best throughput with all steps. Each takes a time. More of one step
// may be noise, so two have to bring nothing.
func Capacity(ctx context.Context, w Work, most int, each time.Duration) (best float64, steps []Step) {
	flat := 0
	for workers := 1; workers <= most && flat < 2 && ctx.Err() == nil; workers *= 2 {
		s := closed(ctx, w, workers, each)
		steps = append(steps, s)
		flat++
		if s.PerSecond > best*growth {
			flat = 0
		}
		best = max(best, s.PerSecond)
	}
	return best, steps
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
