package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/load"
	"github.com/zma-operator/zma-operator/hack/intake/site"
)

// run finds the capacity and measures at half of it and at all of it. An error
// means that there is nothing to measure.
func run(ctx context.Context, o options, progress io.Writer) (f figures, err error) {
	s, err := open(ctx, o, progress)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return f, err
	}
	f.Cores, f.Garbage, f.Capacity, f.Seconds = o.cores, o.garbage, o.capacity, o.over.Seconds()
	if o.capacity == 0 {
		s.say("searching for the capacity")
		if f.Capacity, f.Search, err = load.Capacity(ctx, s.webhooks, load.Search{Most: o.workers, Each: o.step, Before: s.collect}); err != nil {
			return f, err
		}
	}
	if f.Capacity < 2 {
		return f, fmt.Errorf("%.1f webhooks per second are too few to measure", f.Capacity)
	}
	r := rand.New(rand.NewPCG(o.seed, 0))
	f.Half.PerSecond, f.Full.PerSecond = f.Capacity/2, f.Capacity
	for round := range o.rounds {
		for _, l := range []*level{&f.Half, &f.Full} {
			s.say("round %d of %d at %.0f per second", round+1, o.rounds, l.PerSecond)
			p, err := s.pair(ctx, o, r, l.PerSecond, round%2 == 1)
			if err != nil {
				return f, err
			}
			l.Rounds = append(l.Rounds, p)
		}
	}
	f.Half.sum()
	f.Full.sum()
	return f, ctx.Err()
}

// pair measures both kinds of work at one rate, in turns. Which of them is first
// changes from round to round.
func (s *scene) pair(ctx context.Context, o options, r *rand.Rand, perSecond float64, swap bool) (p pair, err error) {
	works, webhook, create := []load.Work{s.webhooks, s.creates}, 0, 1
	if swap {
		works[0], works[1], webhook, create = works[1], works[0], 1, 0
	}
	s.webhooks.take()
	kept := map[string]time.Duration{}
	before, err := s.clocks(ctx)
	if err != nil {
		return p, err
	}
	others := load.NewOthers()
	results, err := load.Interleave(ctx, r, perSecond, o.over, load.Turns{Each: o.turn, Patience: o.patience, Before: s.collect, Keep: func() bool {
		share, taken := others.Share(), s.webhooks.take()
		if share > o.others {
			p.LeftOut++
			return false
		}
		p.Others = max(p.Others, share)
		maps.Copy(kept, taken)
		return true
	}}, works...)
	if err != nil {
		return p, err
	}
	after, err := s.clocks(ctx)
	if err != nil {
		return p, err
	}
	p.Webhook, p.Create = newSeries(results[webhook]), newSeries(results[create])
	if p.Own, err = s.own(kept); err != nil {
		return p, err
	}
	p.EndpointMean, p.APIServerMean = mean(after.endpoint.Since(before.endpoint)), mean(after.apiServer.Since(before.apiServer))
	return p, ctx.Err()
}

// clocks are the durations that the servers have measured themselves.
type clocks struct{ endpoint, apiServer site.Histogram }

func (s *scene) clocks(ctx context.Context) (c clocks, err error) {
	m, err := s.replica.Metrics(ctx)
	if err != nil {
		return c, err
	}
	_, c.endpoint = m.Sum("zma_webhook_request_duration_seconds", map[string]string{"route": "webhooks"})
	if m, err = s.site.APIServerMetrics(ctx); err != nil {
		return c, err
	}
	_, c.apiServer = m.Sum("apiserver_request_duration_seconds", map[string]string{"verb": "POST", "resource": "zmaorders", "dry_run": ""})
	return c, nil
}
