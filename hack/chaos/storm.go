package chaos

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/cut"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// storm makes the plan's events happen, each at its time.
func (w *world) storm(ctx context.Context) error {
	var ends sync.WaitGroup
	defer ends.Wait()
	for _, e := range w.plan.Events {
		if w.until(ctx, e.At) != nil {
			return nil // the run was ended early
		}
		w.say("%s", e)
		if e.Kind == Move {
			if err := w.move(ctx); err != nil {
				return err
			}
			continue
		}
		ends.Go(func() { w.happen(ctx, e) })
	}
	return nil
}

// happen makes one event happen, and end.
func (w *world) happen(ctx context.Context, e Event) {
	switch e.Kind {
	case Kill:
		w.target(ctx, e.Target).signal(syscall.SIGKILL)
	case Terminate:
		w.target(ctx, e.Target).signal(syscall.SIGTERM)
	case Freeze:
		k := w.target(ctx, e.Target)
		// Slow answers keep calls in flight, so that leadership changes hands amid them.
		w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Kind: zmasim.Slow, Times: 4, Delay: inFlight})
		w.pause(ctx, inFlight/4)
		k.signal(syscall.SIGSTOP)
		w.pause(ctx, e.For)
		k.signal(syscall.SIGCONT)
	case Cut:
		w.check(w.links[e.Target].Set(e.State))
		w.pause(ctx, e.For)
		w.check(w.links[e.Target].Set(cut.On))
	}
}

// inFlight is how long calls take around a freeze.
const inFlight = 2 * time.Second

// target finds a process; that of the leader is the one that leads now, or soon
// will.
func (w *world) target(ctx context.Context, name string) *keeper {
	if k, ok := w.keepers[name]; ok {
		return k
	}
	for range 50 {
		for _, name := range []string{controllerB, controllerA} {
			if w.keepers[name].leads() {
				return w.keepers[name]
			}
		}
		w.pause(ctx, 100*time.Millisecond)
	}
	return w.keepers[controllerA]
}

func (w *world) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (w *world) check(err error) {
	if err != nil {
		w.say("the run itself failed: %v", err)
	}
}

// sharedFaults adds the faults that are about no one order, each at its time.
func (w *world) sharedFaults(ctx context.Context) error {
	var acts []func(context.Context) error
	for _, f := range w.plan.Faults {
		acts = append(acts, func(ctx context.Context) error {
			if w.until(ctx, f.At) == nil { // unless the run was ended early
				w.sim.AddFault(f.Rule)
			}
			return nil
		})
	}
	return together(ctx, acts)
}

// heal ends every fault.
func (w *world) heal() error {
	w.say("everything is healed")
	w.sim.ClearFaults()
	var errs []error
	for _, l := range w.links {
		errs = append(errs, l.Set(cut.On))
	}
	for _, k := range w.keepers {
		k.signal(syscall.SIGCONT)
	}
	return errors.Join(errs...)
}
