package main

import (
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/load"
	"github.com/zma-operator/zma-operator/hack/intake/site"
)

// figures of a run. All times are in milliseconds.
type figures struct {
	// Cores tells whether Kubernetes had some for itself.
	Cores string `json:"cores"`
	// Garbage tells when the API server collected its own.
	Garbage string `json:"garbage"`
	// Capacity in webhooks per second, and the steps that found it.
	Capacity float64     `json:"capacity"`
	Search   []load.Step `json:"search,omitempty"`
	// Seconds that each kind of work had in a round, at each rate.
	Seconds float64 `json:"seconds"`
	// Half and Full are the measurements at parts of it.
	Half level `json:"half"`
	Full level `json:"full"`
}

// level is what was measured at one rate.
type level struct {
	PerSecond float64 `json:"perSecond"`
	Rounds    []pair  `json:"rounds"`
	// Over the rounds: of the webhook, of the bare Create, what the former's
	// percentiles are more, and the ratio of the 99th.
	Webhook  quantiles `json:"webhook"`
	Create   quantiles `json:"create"`
	ShareP50 spread    `json:"shareP50"`
	ShareP99 spread    `json:"shareP99"`
	RatioP99 spread    `json:"ratioP99"`
	// Own is what webhooks took without the API server: for each, the time that its
	// sender waited less the time in which the endpoint waited for the API server.
	OwnP50 spread `json:"ownP50"`
	OwnP99 spread `json:"ownP99"`
	// ShareMean is our share of the mean by the servers' own clocks: the endpoint's
	// for a webhook less the API server's for a Create. No load generator is in it.
	ShareMean spread `json:"shareMean"`
	// Others is the most that other programs took of the machine in a turn that
	// counts, and LeftOut how many turns do not.
	Others  float64 `json:"others"`
	LeftOut int     `json:"leftOut"`
	// Failures of webhooks and of Creates.
	Failures       map[string]int `json:"failures,omitempty"`
	CreateFailures map[string]int `json:"createFailures,omitempty"`
}

// quantiles over rounds.
type quantiles struct {
	P50 spread `json:"p50"`
	P99 spread `json:"p99"`
	Max spread `json:"max"`
	Lag spread `json:"lagP99"`
}

// spread over rounds. Error is the standard error of the median.
type spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
	Error  float64 `json:"error"`
}

// pair is one round.
type pair struct {
	Webhook series `json:"webhook"`
	Create  series `json:"create"`
	// Own is what each webhook took without the API server.
	Own own `json:"own"`
	// LeftOut are the turns that do not count, because other programs were busy, and
	// Others the most that these took of the machine in one that does.
	LeftOut int     `json:"leftOut"`
	Others  float64 `json:"others"`
	// EndpointMean and APIServerMean by the servers' own clocks, in all turns.
	EndpointMean  float64 `json:"endpointMean"`
	APIServerMean float64 `json:"apiServerMean"`
}

// own are quantiles of our own part of single webhooks, and how many these were.
type own struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// series is one measurement.
type series struct {
	// Offered and Done are how many were due and how many succeeded.
	Offered int `json:"offered"`
	Done    int `json:"done"`
	// P50, P99 and Max from the instant at which one was due to its end.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
	// LagP99 is what the load generator itself was late.
	LagP99   float64        `json:"lagP99"`
	Failures map[string]int `json:"failures,omitempty"`
}

func newSeries(r load.Result) series {
	return series{
		Offered: r.Offered, Done: len(r.Latencies), Failures: r.Failures,
		P50: ms(load.Quantile(r.Latencies, .5)), P99: ms(load.Quantile(r.Latencies, .99)), Max: ms(load.Quantile(r.Latencies, 1)),
		LagP99: ms(load.Quantile(r.Lags, .99)),
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// mean in milliseconds; 0 of nothing.
func mean(h site.Histogram) float64 {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / float64(h.Count) * 1000
}
