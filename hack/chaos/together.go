package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// together does things at the same time and gives what went wrong.
func together(ctx context.Context, acts []func(context.Context) error) error {
	errs := make([]error, len(acts))
	var all sync.WaitGroup
	for i, act := range acts {
		all.Go(func() { errs[i] = act(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// until waits for a time of the run.
func (w *world) until(ctx context.Context, at time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(w.began.Add(at))):
		return nil
	}
}

// say adds a line to the account of the run.
func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf("%6.2fs ", time.Since(w.began).Seconds())+fmt.Sprintf(format, args...))
}
