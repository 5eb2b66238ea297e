package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/intake/oracle"
	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// run is one under way.
type run struct {
	options Options
	site    *site.Site
	service *service
	sender  *sender
	began   time.Time
	span    time.Duration // of the arrivals
	away    time.Duration // PostgreSQL

	mu    sync.Mutex
	kills []oracle.Kill
	lines []string
}

// Run does one run and tells how it went. An error means that it could not be
// done; what the product did wrong is in the report.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	r := &run{options: o, span: time.Duration(float64(o.Webhooks) / o.PerSecond * float64(time.Second))}
	r.site, err = site.New(ctx, site.Options{
		Servers: o.Servers, Binary: o.Binary,
		Sources: map[string]v1alpha1.RateLimit{shop.SourceName: wide(), narrow: narrowLimit()},
	})
	defer func() { err = errors.Join(err, keepLogs(r.site.Logs(), o.Logs), r.site.Close()) }()
	if err != nil {
		return nil, err
	}
	r.service = &service{away: map[int]bool{}}
	for _, name := range []string{"a", "b"} {
		replica, err := r.site.StartReplica(ctx, name)
		if err != nil {
			return nil, err
		}
		r.service.replicas = append(r.service.replicas, replica)
	}
	r.sender = newSender(r.site, r.service)
	return r.play(ctx)
}

// play sends everything, waits for the end and judges.
func (r *run) play(ctx context.Context) (*Report, error) {
	plan, err := makePlan(r.options.Seed, shop.SourceName, r.options.Webhooks, r.span)
	if err != nil {
		return nil, err
	}
	r.began = time.Now()
	r.say("%d webhooks in %s", len(plan), r.span.Round(time.Second))
	failed := make(chan error, 1)
	go func() { failed <- r.troubles(ctx) }()
	ended, err := r.send(ctx, plan, r.span+patience)
	if err := errors.Join(err, <-failed); err != nil {
		return nil, err
	}
	r.say("every delivery has ended")
	limited, err := r.narrowed(ctx)
	if err != nil {
		return nil, err
	}
	evidence, err := r.collect(ctx, append(ended, limited...))
	if err != nil {
		return nil, err
	}
	r.say("judged")
	return &Report{
		Evidence: evidence, Violations: oracle.Judge(evidence), Wide: figuresOf(ended), Narrow: figuresOf(limited),
		Took: time.Since(r.began), happened: r.lines,
	}, nil
}

// narrowed sends webhooks through the narrow source.
func (r *run) narrowed(ctx context.Context) ([]oracle.Delivery, error) {
	if r.options.Limited == 0 {
		return nil, nil
	}
	plan, err := makePlan(r.options.Seed, narrow, r.options.Limited, burst)
	if err != nil {
		return nil, err
	}
	r.say("%d webhooks through a limit of %d a minute", len(plan), narrowLimit().PerMinute)
	return r.send(ctx, plan, burst+patience)
}

// send lets each sender act at its time.
func (r *run) send(ctx context.Context, plan []delivery, limit time.Duration) ([]oracle.Delivery, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, errs := make([]oracle.Delivery, len(plan)), make([]error, len(plan))
	var all sync.WaitGroup
	for i, d := range plan {
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(began.Add(d.at))):
		}
		all.Go(func() { out[i], errs[i] = r.sender.deliver(ctx, i, d) })
	}
	all.Wait()
	return out, errors.Join(errs...)
}

// say adds a line to the account of the run.
func (r *run) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := fmt.Sprintf("%6.2fs ", time.Since(r.began).Seconds()) + fmt.Sprintf(format, args...)
	r.lines = append(r.lines, line)
	if r.options.Progress != nil {
		r.options.Progress(line)
	}
}
