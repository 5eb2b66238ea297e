package chaos

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// Options of a run.
type Options struct {
	// Seed of the plan.
	Seed uint64
	// Orders that come in; DefaultOrders when 0.
	Orders int
	// Binary of the operator.
	Binary string
	// Servers to run against.
	Servers Servers
	// Namespace of the run; a new one when empty.
	Namespace string
	// Impatient ends the run at the first thing that is wrong, whatever it is.
	Impatient bool
	// Logs is a folder in which the processes' logs are kept; none when empty.
	Logs string
	// Progress takes a line now and then; may be nil.
	Progress func(string)
}

// DefaultOrders is how many orders a run has unless told otherwise.
const DefaultOrders = 200

func (o Options) database() string { return strings.ReplaceAll(o.Namespace, "-", "_") }

// Run does one run and tells how it went. An error means that it could not be
// done; what the product did wrong is in the report.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	if o.Orders == 0 {
		o.Orders = DefaultOrders
	}
	if o.Namespace == "" {
		o.Namespace = "chaos-" + strings.ToLower(rand.Text()[:10])
	}
	w, err := newWorld(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.keepLogs(), w.close()) }()
	w.plan = NewPlan(o.Seed, o.Namespace, o.Orders)
	w.began = time.Now()
	if err := w.start(ctx); err != nil {
		return nil, err
	}
	if w.watch, err = observe(ctx, w.client, o.Namespace, w.began); err != nil {
		return nil, err
	}
	return w.play(ctx)
}

// play lets the plan happen, heals, and waits for the end.
func (w *world) play(ctx context.Context) (*Report, error) {
	report := &Report{Plan: w.plan}
	violations, err := w.calm(ctx)
	report.add(violations)
	report.complain(err)
	if report.Failed() {
		// What is wrong in calm gets no better in a storm.
		w.finish(report)
		return report, nil
	}
	for _, o := range w.plan.Orders {
		for _, rule := range o.Rules {
			w.sim.AddFault(rule)
		}
	}
	w.restart()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	guard := w.guard(ctx, stop)
	customers := make(chan error, 1)
	go func() { customers <- w.customers(ctx) }()
	report.complain(together(ctx, []func(context.Context) error{w.storm, w.sharedFaults}))
	if err := w.heal(); err != nil {
		return nil, err
	}
	w.settle(ctx, report, customers)
	stop()
	report.add(<-guard)
	w.finish(report)
	return report, nil
}

// customers lets all customers act, however long their orders take.
func (w *world) customers(ctx context.Context) error {
	var acts []func(context.Context) error
	for _, o := range w.plan.Orders {
		w.acting.Add(1)
		acts = append(acts, func(ctx context.Context) error {
			defer w.acting.Add(-1)
			return w.unlessOver(ctx, w.customer(ctx, o))
		})
	}
	return together(ctx, acts)
}
