package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zma-operator/zma-operator/hack/bench/measure"
)

// run plays one outage and measures it. An error means that there is nothing to
// measure; a promise that was not kept is in the figures.
func run(ctx context.Context, o options, progress io.Writer) (f measure.Figures, err error) {
	s, err := open(ctx, o, progress)
	defer func() {
		failed := err != nil || len(f.Broken()) > 0
		err = errors.Join(err, s.close(failed && ctx.Err() == nil)) // an interruption is no failure to look into
	}()
	if err != nil {
		return f, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	t, err := track(watching, s.stack.Kube.Config(), s.client.Scheme())
	if err != nil {
		return f, err
	}
	return s.play(ctx, t)
}

func (s *scene) play(ctx context.Context, t *tracker) (measure.Figures, error) {
	o := s.options
	s.say("%d orders go through to warm up", warmUp)
	warm, err := s.send(ctx, "warm", warmUp, 0)
	if err != nil {
		return measure.Figures{}, err
	}
	if err := s.settle(ctx, t, warm, 2*time.Minute); err != nil {
		return measure.Figures{}, fmt.Errorf("the orders before the outage: %w", err)
	}
	r := measure.Run{RatePerMinute: o.rate, Began: time.Now()}
	s.say("the provider is away for %s (%s); %d orders arrive in the first half of it", o.outage, o.kind, o.orders)
	s.provider.begin(o.kind)
	backlog, err := s.send(ctx, "order", o.orders, o.outage/2)
	if err != nil {
		return measure.Figures{}, err
	}
	if err := until(ctx, r.Began.Add(o.outage)); err != nil {
		return measure.Figures{}, err
	}
	// Taken before the line is whole again, so that no wait is made to look shorter.
	r.Ended = time.Now()
	if err := s.provider.end(); err != nil {
		return measure.Figures{}, err
	}
	s.say("the provider is back")
	if err := s.settle(ctx, t, backlog, o.limit()); err != nil && !errors.Is(err, errNotReady) {
		return measure.Figures{}, err
	}
	return s.measure(r, t, warm, backlog), nil
}

// errNotReady means that patience ended first.
var errNotReady = errors.New("not every order became Ready in time")

// settle waits until the orders are Ready.
func (s *scene) settle(ctx context.Context, t *tracker, ids []string, patience time.Duration) error {
	limited, cancel := context.WithTimeoutCause(ctx, patience, errNotReady)
	defer cancel()
	if err := t.wait(limited, names(ids)); err != nil {
		return context.Cause(limited)
	}
	return nil
}

func (s *scene) measure(r measure.Run, t *tracker, warm, backlog []string) measure.Figures {
	for _, id := range warm {
		r.Warm = append(r.Warm, identity(id))
	}
	for i, name := range names(backlog) {
		created, ready := t.of(name)
		r.Backlog = append(r.Backlog, measure.Order{Identity: identity(backlog[i]), Created: created, Ready: ready})
	}
	r.Record = s.stack.ZMA.Record()
	return r.Figures()
}
