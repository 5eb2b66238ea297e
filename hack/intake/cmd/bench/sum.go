package main

import (
	"math"
	"slices"

	"github.com/zma-operator/zma-operator/hack/intake/load"
)

// sum works out what is told over the rounds.
func (l *level) sum() {
	of := func(value func(pair) float64) spread {
		var values []float64
		for _, p := range l.Rounds {
			values = append(values, value(p))
		}
		return spreadOf(values)
	}
	quantilesOf := func(s func(pair) series) quantiles {
		return quantiles{
			P50: of(func(p pair) float64 { return s(p).P50 }), P99: of(func(p pair) float64 { return s(p).P99 }),
			Max: of(func(p pair) float64 { return s(p).Max }), Lag: of(func(p pair) float64 { return s(p).LagP99 }),
		}
	}
	l.Webhook = quantilesOf(func(p pair) series { return p.Webhook })
	l.Create = quantilesOf(func(p pair) series { return p.Create })
	l.ShareP50 = of(func(p pair) float64 { return p.Webhook.P50 - p.Create.P50 })
	l.ShareP99 = of(func(p pair) float64 { return p.Webhook.P99 - p.Create.P99 })
	l.OwnP50 = of(func(p pair) float64 { return p.Own.P50 })
	l.OwnP99 = of(func(p pair) float64 { return p.Own.P99 })
	l.RatioP99 = of(func(p pair) float64 { return ratio(p.Webhook.P99, p.Create.P99) })
	l.ShareMean = of(func(p pair) float64 { return p.EndpointMean - p.APIServerMean })
	l.Failures, l.CreateFailures = map[string]int{}, map[string]int{}
	for _, p := range l.Rounds {
		l.Others, l.LeftOut = max(l.Others, p.Others), l.LeftOut+p.LeftOut
		add(l.Failures, p.Webhook.Failures)
		add(l.CreateFailures, p.Create.Failures)
	}
}

// spreadOf values. The error is estimated from how far the values are from their
// median, so that one disturbed round does not decide it: 1.4826 makes a standard
// deviation of that, and 1.2533 the median's error of the mean's.
func spreadOf(values []float64) spread {
	median := load.Median(values)
	var away []float64
	for _, v := range values {
		away = append(away, math.Abs(v-median))
	}
	return spread{
		Median: median, Least: slices.Min(values), Most: slices.Max(values),
		Error: 1.2533 * 1.4826 * load.Median(away) / math.Sqrt(float64(len(values))),
	}
}

// ratio of two times; 0 where nothing was measured.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func add(to, from map[string]int) {
	for word, n := range from {
		to[word] += n
	}
}
