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
	// SecretMatches counts verified webhooks by which of the source's secrets, as
	// name/key, matched, so that a rotated one can be retired.
	SecretMatches *prometheus.CounterVec
	// SecurityEvents counts what an attack would look like, by event and source.
	SecurityEvents *prometheus.CounterVec
	// Connections that are open to the webhook endpoint.
	Connections prometheus.Gauge
	// ConnectionsClosed counts connections closed to protect the endpoint, by reason.
	ConnectionsClosed *prometheus.CounterVec
	// RateLimitSyncs counts exchanges of rate limits with the other replicas by
	// outcome.
	RateLimitSyncs *prometheus.CounterVec
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
	// AccountCircuit is the state of the breaker by namespace and account: 0
	// closed, 1 half-open, 2 open.
	AccountCircuit *prometheus.GaugeVec

	// AccountAvailable is the balance less open reservations in cents, by namespace
	// and account.
	AccountAvailable *prometheus.GaugeVec
	// AccountTransfer is what to pay in at the provider in cents, by namespace and
	// account; 0 when nothing is needed.
	AccountTransfer *prometheus.GaugeVec
	// AccountFunds says how what is available stands to the account's thresholds, by
	// namespace and account: 0 enough, 1 below lowCents, 2 below criticalCents.
	AccountFunds *prometheus.GaugeVec
	// AccountBudget says how much of a budget is used, by namespace, account and
	// period: 0 leaves room, 1 beyond its warning mark, 2 used up.
	AccountBudget *prometheus.GaugeVec
	// BalanceReads counts readings of the balance before a large spend by outcome.
	BalanceReads *prometheus.CounterVec
	// CostVariances counts orders whose cost was far from its estimate by namespace,
	// account and direction: over or under.
	CostVariances *prometheus.CounterVec

	// Orphans is what the last sweep found at one side only, by namespace, account
	// and kind.
	Orphans *prometheus.GaugeVec
	// OrphanSweepSuccess is when an account was last swept to the end, in seconds
	// since 1970, by namespace and account.
	OrphanSweepSuccess *prometheus.GaugeVec
	// OrphanSweepErrors counts sweeps that failed by namespace and account.
	OrphanSweepErrors *prometheus.CounterVec
	// RecoveryRequests counts what people asked for by verb and result: handled,
	// refused or ignored.
	RecoveryRequests *prometheus.CounterVec
	// SubmissionsThrottled counts orders that had to wait for the account's rate
	// or its orders in flight, by reason.
	SubmissionsThrottled *prometheus.CounterVec
	// Refunds counts what the provider paid back in cents, by namespace and
	// account.
	Refunds *prometheus.CounterVec

	// AuditBlocks counts blocks of the audit trail sealed.
	AuditBlocks prometheus.Counter
	// AuditUnsealedAge is the age of the oldest row of the trail that is not sealed,
	// in seconds; 0 when all are.
	AuditUnsealedAge prometheus.Gauge
	// AuditAnchorMismatch is 1 while the trail does not hold the head kept outside
	// the database.
	AuditAnchorMismatch prometheus.Gauge
	// AuditErrors counts failures to seal or to anchor.
	AuditErrors prometheus.Counter
	// AuditWaiting are rows of the trail that wait in memory for the ledger.
	AuditWaiting prometheus.Gauge
	// AuditLost counts decisions that have no row in the trail, because the ledger was
	// away for too long, and rows that it refused.
	AuditLost prometheus.Counter

	// RetentionRemoved counts finished orders removed from the cluster.
	RetentionRemoved prometheus.Counter
	// RetentionErased counts orders whose personal data was erased for their age.
	RetentionErased prometheus.Counter
	// RetentionDropped counts rows dropped for their age by table.
	RetentionDropped *prometheus.CounterVec
	// RetentionErrors counts failures by step: orders, partitions, deliveries or
	// personal_data.
	RetentionErrors *prometheus.CounterVec
}

// OrderGauges describe what is counted of the orders on each scrape.
type OrderGauges struct {
	// Orders is how many there are by namespace, account and reason of Ready.
	Orders *prometheus.Desc
	// Overdue is how many of them stay too long in their state.
	Overdue *prometheus.Desc
	// OldestWaiting is the age of the oldest order that has not ended and waits for
	// no person, in seconds, by namespace and account; 0 when there is none.
	OldestWaiting *prometheus.Desc
}

// NewOrderGauges defines them. They are no part of Metrics: they are made of what
// a controller has in its cache, and the webhook endpoint has none.
func NewOrderGauges() OrderGauges {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("zma_"+name, help, labels, nil)
	}
	return OrderGauges{
		Orders:        describe("orders", "Orders by reason of Ready; New before the first status.", "namespace", "account", "reason"),
		Overdue:       describe("orders_overdue", "Orders that stay too long in their state by reason of Ready.", "namespace", "account", "reason"),
		OldestWaiting: describe("order_oldest_waiting_seconds", "Age of the oldest order that goes on by itself.", "namespace", "account"),
	}
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
		SecretMatches:     counters("webhook_secret_matches_total", "Verified webhooks by the secret that matched, as name/key.", "source", "secret"),
		SecurityEvents:    counters("webhook_security_events_total", "Requests that an attack would send too, by event and source.", "event", "source"),
		Connections:       gauge("webhook_connections", "Connections that are open to the webhook endpoint."),
		ConnectionsClosed: counters("webhook_connections_closed_total", "Connections closed to protect the webhook endpoint by reason.", "reason"),
		RateLimitSyncs:    counters("webhook_rate_limit_syncs_total", "Exchanges of rate limits with other replicas by outcome.", "outcome"),
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
		AccountCircuit:  gauges("account_circuit_state", "Breaker of the account: 0 closed, 1 half-open, 2 open.", "namespace", "account"),

		AccountAvailable: gauges("account_available_cents", "Balance less open reservations in minor units.", "namespace", "account"),
		AccountTransfer:  gauges("account_recommended_transfer_cents", "What to pay in at the provider in minor units.", "namespace", "account"),
		AccountFunds:     gauges("account_funds_state", "Available funds: 0 enough, 1 below lowCents, 2 below criticalCents.", "namespace", "account"),
		AccountBudget: gauges("account_budget_state", "Budget of a period: 0 leaves room, 1 beyond its warning mark, 2 used up.",
			"namespace", "account", "period"),
		BalanceReads:  counters("balance_reads_total", "Readings of the balance before a large spend by outcome.", "outcome"),
		CostVariances: counters("cost_variances_total", "Orders whose cost was far from its estimate.", "namespace", "account", "direction"),

		Orphans: gauges("orphans", "Orders that the last sweep found at one side only, by kind.", "namespace", "account", "kind"),
		OrphanSweepSuccess: gauges("orphan_sweep_success_timestamp_seconds", "When the account was last swept to the end.",
			"namespace", "account"),
		OrphanSweepErrors:    counters("orphan_sweep_errors_total", "Sweeps that failed.", "namespace", "account"),
		RecoveryRequests:     counters("recovery_requests_total", "Recoveries that people asked for by verb and result.", "verb", "result"),
		SubmissionsThrottled: counters("submissions_throttled_total", "Paid calls that had to wait for their turn by reason.", "reason"),
		Refunds:              counters("refunded_cents_total", "Paid back by the provider in minor units.", "namespace", "account"),
	}
	m.records()
	return m, m.register(reg)
}

// records defines the metrics of the audit trail and of what goes with age.
func (m *Metrics) records() {
	m.AuditBlocks = counter("audit_blocks_sealed_total", "Blocks of the audit trail sealed.")
	m.AuditUnsealedAge = gauge("audit_oldest_unsealed_seconds", "Age of the oldest row of the audit trail that is not sealed.")
	m.AuditAnchorMismatch = gauge("audit_anchor_mismatch", "1 while the audit trail does not hold the head that was anchored.")
	m.AuditErrors = counter("audit_errors_total", "Failures to seal or to anchor the audit trail.")
	m.AuditWaiting = gauge("audit_rows_waiting", "Rows of the audit trail that wait in memory for the ledger.")
	m.AuditLost = counter("audit_rows_lost_total", "Decisions without a row in the audit trail, and rows that the ledger refused.")
	m.RetentionRemoved = counter("retention_orders_removed_total", "Finished orders removed from the cluster.")
	m.RetentionErased = counter("retention_orders_erased_total", "Orders whose personal data was erased for their age.")
	m.RetentionDropped = counters("retention_rows_dropped_total", "Rows dropped for their age by table.", "table")
	m.RetentionErrors = counters("retention_errors_total", "Failures of retention by step.", "step")
}

func (m *Metrics) register(reg prometheus.Registerer) error {
	var errs []error
	for _, c := range []prometheus.Collector{
		m.WebhookRequests, m.WebhookDuration, m.DeliveriesDropped, m.SecretMatches, m.CallbackHints,
		m.SecurityEvents, m.Connections, m.ConnectionsClosed, m.RateLimitSyncs,
		m.ProviderRequests, m.ProviderDuration, m.Submissions, m.UnknownCodes,
		m.Transitions, m.OrderReady, m.Recoveries, m.WriteConflicts,
		m.LedgerDuration, m.MirrorRows, m.MirrorLag, m.MirrorErrors,
		m.Mails, m.OutboxPending, m.AccountBalance, m.AccountReserved, m.AccountCircuit,
		m.AccountAvailable, m.AccountTransfer, m.AccountFunds, m.AccountBudget, m.BalanceReads, m.CostVariances,
		m.Orphans, m.OrphanSweepSuccess, m.OrphanSweepErrors, m.RecoveryRequests, m.SubmissionsThrottled, m.Refunds,
		m.AuditBlocks, m.AuditUnsealedAge, m.AuditAnchorMismatch, m.AuditErrors, m.AuditWaiting, m.AuditLost,
		m.RetentionRemoved, m.RetentionErased, m.RetentionDropped, m.RetentionErrors,
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
