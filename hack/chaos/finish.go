package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// finish adds what only the world knows.
func (w *world) finish(r *Report) {
	r.Complaints = append(r.Complaints, w.watch.broken()...)
	r.Took = time.Since(w.began)
	if r.Evidence.Orders == nil {
		r.Evidence.Record = w.sim.Record() // the run was ended early
	}
	r.stories, r.lines, r.tails = map[string]string{}, map[string]string{}, map[string]string{}
	for _, v := range r.Violations {
		r.stories[v.Script.ID] = w.watch.story(v.Script.ID)
		r.lines[v.Script.ID] = w.linesAbout(v.Script.ID)
	}
	r.Statuses = w.watch.count()
	r.FaultsMet = met(r.Evidence.Record)
	r.Handovers = w.handovers()
	for name, k := range w.keepers {
		r.Starts += k.count()
		r.tails[name] = k.tail(4000)
	}
	w.mu.Lock()
	r.log = append(r.log, w.log...)
	w.mu.Unlock()
}

// met counts the faults that calls and callbacks have met.
func met(record zmasim.Record) (n int) {
	for _, q := range record.Requests {
		if q.Fault != "" {
			n++
		}
	}
	for _, c := range record.Callbacks {
		if c.Fault != "" {
			n++
		}
	}
	return n
}

// handovers is how often the lease has changed hands, by its own account.
func (w *world) handovers() (n int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var leases coordinationv1.LeaseList
	if err := w.client.List(ctx, &leases, client.InNamespace(w.options.Namespace)); err != nil {
		w.say("the lease can't be read: %v", err)
	}
	for _, l := range leases.Items {
		if l.Spec.LeaseTransitions != nil {
			n += int(*l.Spec.LeaseTransitions)
		}
	}
	return n
}

// linesAbout are the last lines of the controllers' logs about an order.
func (w *world) linesAbout(id string) string {
	w.mu.Lock()
	name := w.names[id]
	w.mu.Unlock()
	if name == "" {
		return ""
	}
	var b strings.Builder
	for _, k := range []string{controllerA, controllerB} {
		if w.keepers[k] == nil {
			continue
		}
		for _, line := range w.keepers[k].about(name, 12) {
			fmt.Fprintf(&b, "    %s: %s\n", k, line)
		}
	}
	return b.String()
}

// keepLogs copies the logs to where they are wanted.
func (w *world) keepLogs() error {
	if w.options.Logs == "" {
		return nil
	}
	var errs []error
	for name, k := range w.keepers {
		to := filepath.Join(w.options.Logs, fmt.Sprintf("seed-%d-%s.log", w.options.Seed, name))
		errs = append(errs, os.WriteFile(to, []byte(k.tail(1<<30)), 0o600))
	}
	return errors.Join(errs...)
}
