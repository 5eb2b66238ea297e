// Package telemetry holds every metric of the product, and the masking of
// personal data in logs.
package telemetry

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are all metrics of the product, defined here and nowhere else. No
// label names an order, a customer or anything else without bound.
type Metrics struct {
	// WebhookRequests counts requests by route, source and outcome.
	WebhookRequests *prometheus.CounterVec
	// WebhookDuration measures requests by route, in seconds.
	WebhookDuration *prometheus.HistogramVec
	// DeliveriesDropped counts delivery log rows lost because Postgres was away
	// and the buffer full.
	DeliveriesDropped prometheus.Counter
	// SecretMatches counts verified webhooks by which of the source's secrets
	// matched (0 is the first), so that a rotated one can be retired.
	SecretMatches *prometheus.CounterVec
	// CallbackHints counts provider callbacks by outcome.
	CallbackHints *prometheus.CounterVec

	// ProviderRequests counts calls to the provider by call and outcome.
	ProviderRequests *prometheus.CounterVec
	// ProviderDuration measures calls to the provider by call, in seconds.
	ProviderDuration *prometheus.HistogramVec
	// Submissions counts paid calls by verdict.
	Submissions *prometheus.CounterVec
	// UnknownCodes counts provider error codes that the classification table does
	// not hold.
	UnknownCodes prometheus.Counter

	// Transitions counts changes of Ready's reason by the new reason.
	Transitions *prometheus.CounterVec
	// OrderReady measures creation to Ready, in seconds.
	OrderReady prometheus.Histogram
	// Recoveries counts recoveries, automatic and by hand, by verb and result.
	Recoveries *prometheus.CounterVec
	// WriteConflicts counts status writes refused because the order had changed.
	WriteConflicts prometheus.Counter

	// LedgerDuration measures ledger operations by operation and outcome, in
	// seconds.
	LedgerDuration *prometheus.HistogramVec
	// MirrorRows counts rows mirrored.
	MirrorRows prometheus.Counter
	// MirrorLag is the age of the oldest change not yet mirrored, in seconds.
	MirrorLag prometheus.Gauge
	// MirrorErrors counts failed mirror batches.
	MirrorErrors prometheus.Counter

	// Mails counts mails by kind and outcome.
	Mails *prometheus.CounterVec
	// OutboxPending is the number of mails that wait.
	OutboxPending prometheus.Gauge

	// AccountBalance is the balance in cents, by namespace and account.
	AccountBalance *prometheus.GaugeVec
	// AccountReserved is what open orders reserve in cents, by namespace and
	// account.
	AccountReserved *prometheus.GaugeVec
}

// step covers local work (a millisecond) to a provider's answer (a minute).
var step = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// long covers the life of an order: a second to half a day.
var long = []float64{1, 2, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 43200}

// NewMetrics defines the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		WebhookRequests:   counters("webhook_requests_total", "Inbound requests by route, source and outcome.", "route", "source", "outcome"),
		WebhookDuration:   histograms("webhook_request_duration_seconds", "Duration of inbound requests.", "route"),
		DeliveriesDropped: counter("webhook_deliveries_dropped_total", "Delivery log rows dropped because the buffer was full."),
		SecretMatches:     counters("webhook_secret_matches_total", "Verified webhooks by index of the secret that matched.", "source", "index"),
		CallbackHints:     counters("callbacks_total", "Provider callbacks by outcome.", "outcome"),

		ProviderRequests: counters("provider_requests_total", "Calls to the provider by call and outcome.", "call", "outcome"),
		ProviderDuration: histograms("provider_request_duration_seconds", "Duration of calls to the provider.", "call"),
		Submissions:      counters("submissions_total", "Paid calls by verdict.", "verdict"),
		UnknownCodes:     counter("provider_unknown_codes_total", "Provider error codes missing from the classification table."),

		Transitions: counters("order_transitions_total", "Changes of an order's Ready reason by the new reason.", "reason"),
		OrderReady: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "zma", Name: "order_ready_duration_seconds",
			Help: "Time from creation to Ready.", Buckets: long}),
		Recoveries:     counters("recoveries_total", "Recoveries by verb and result.", "verb", "result"),
		WriteConflicts: counter("order_write_conflicts_total", "Status writes refused because the order had changed."),

		LedgerDuration: histograms("ledger_operation_duration_seconds", "Duration of ledger operations.", "operation", "outcome"),
		MirrorRows:     counter("mirror_rows_total", "Orders mirrored into Postgres."),
		MirrorLag:      gauge("mirror_lag_seconds", "Age of the oldest change not yet mirrored."),
		MirrorErrors:   counter("mirror_errors_total", "Mirror batches that failed."),

		Mails:         counters("mails_total", "Mails by kind and outcome.", "kind", "outcome"),
		OutboxPending: gauge("outbox_pending", "Mails that wait to be sent."),

		AccountBalance:  gauges("account_balance_cents", "Balance at the provider in minor units.", "namespace", "account"),
		AccountReserved: gauges("account_reserved_cents", "Reserved by open orders in minor units.", "namespace", "account"),
	}
	return m, m.register(reg)
}

func (m *Metrics) register(reg prometheus.Registerer) error {
	var errs []error
	for _, c := range []prometheus.Collector{
		m.WebhookRequests, m.WebhookDuration, m.DeliveriesDropped, m.SecretMatches, m.CallbackHints,
		m.ProviderRequests, m.ProviderDuration, m.Submissions, m.UnknownCodes,
		m.Transitions, m.OrderReady, m.Recoveries, m.WriteConflicts,
		m.LedgerDuration, m.MirrorRows, m.MirrorLag, m.MirrorErrors,
		m.Mails, m.OutboxPending, m.AccountBalance, m.AccountReserved,
	} {
		errs = append(errs, reg.Register(c))
	}
	return errors.Join(errs...)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "zma", Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "zma", Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "zma", Name: name, Help: help})
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "zma", Name: name, Help: help}, labels)
}

func histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "zma", Name: name, Help: help, Buckets: step}, labels)
}
