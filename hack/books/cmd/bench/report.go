package main

import (
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/load"
)

// Report is what is printed. All times but the pipeline's are in milliseconds.
type Report struct {
	// OrdersPerSecond that were offered in the rounds.
	OrdersPerSecond float64 `json:"ordersPerSecond"`
	// Pipeline is where that rate was found; nil when it was given.
	Pipeline *Pipeline `json:"pipeline,omitempty"`
	// Durable tells that each commit was waited for.
	Durable bool `json:"durable"`

	// Percentiles over the rounds, by transaction, and of the mirror's lag: from an
	// order's change to the commit of its row.
	Reserve Quantiles `json:"reserve"`
	Settle  Quantiles `json:"settle"`
	Release Quantiles `json:"release"`
	Mirror  Quantiles `json:"mirrorLag"`
	// BarMillis is what the median of each transaction's P99 has to be under.
	BarMillis float64 `json:"barMillis"`
	Pass      bool    `json:"pass"`

	// LeftOut rounds do not count: other programs took much of the machine. When
	// that holds for all, all count, and the verdict says little.
	LeftOut int     `json:"leftOut"`
	Rounds  []Round `json:"rounds"`
}

// busy is the share of the machine that others may take in a round that counts.
const busy = 0.1

// Round is one repetition.
type Round struct {
	Reserve Series `json:"reserve"`
	Settle  Series `json:"settle"`
	Release Series `json:"release"`
	Mirror  Series `json:"mirrorLag"`
	// OrdersPerSecond that ended.
	OrdersPerSecond float64 `json:"ordersPerSecond"`
	// MostWaiting changes for the mirror at once, and how long it took after the
	// last order until none was left.
	MostWaiting   int     `json:"mostWaiting"`
	CatchUpMillis float64 `json:"catchUpMillis"`
	// OthersShare of the machine that other programs took meanwhile, from 0 to 1.
	OthersShare float64 `json:"othersShare"`
	// GeneratorLagP99 is what this program added itself by being late.
	GeneratorLagP99 float64 `json:"generatorLagP99"`
}

// Series of one kind of times.
type Series struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// Quantiles of the rounds.
type Quantiles struct {
	P50 Spread `json:"p50"`
	P99 Spread `json:"p99"`
}

// Spread of the rounds' values.
type Spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func seriesOf(times []time.Duration) Series {
	sorted := slices.Sorted(slices.Values(times))
	return Series{
		Count: len(sorted), P50: millis(load.Quantile(sorted, 0.5)), P99: millis(load.Quantile(sorted, 0.99)), Max: millis(load.Quantile(sorted, 1)),
	}
}

// sum works out the spread over the rounds, and the verdict.
func (r *Report) sum() {
	r.Pass = true
	rounds := slices.DeleteFunc(slices.Clone(r.Rounds), func(x Round) bool { return x.OthersShare > busy })
	if r.LeftOut = len(r.Rounds) - len(rounds); len(rounds) == 0 {
		r.LeftOut, rounds = 0, r.Rounds
	}
	for of, into := range map[*Quantiles]func(Round) Series{
		&r.Reserve: func(x Round) Series { return x.Reserve }, &r.Settle: func(x Round) Series { return x.Settle },
		&r.Release: func(x Round) Series { return x.Release }, &r.Mirror: func(x Round) Series { return x.Mirror },
	} {
		var p50, p99 []float64
		for _, round := range rounds {
			s := into(round)
			p50, p99 = append(p50, s.P50), append(p99, s.P99)
		}
		*of = Quantiles{P50: spread(p50), P99: spread(p99)}
		if of != &r.Mirror && of.P99.Median >= r.BarMillis {
			r.Pass = false
		}
	}
}

func spread(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	return Spread{Median: load.Median(values), Least: slices.Min(values), Most: slices.Max(values)}
}
