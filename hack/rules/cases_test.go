package rules

import "time"

const week = 7 * 24 * time.Hour

// cases: a step of the series is a minute; "_" is a minute without the series.
var cases = []struct {
	alert, reason, series string
	at                    time.Duration
	fires                 bool
}{
	{"ZMANotRunning", "nothing is scraped", `up{namespace="zma-system", pod="other-1"} 1x10`, 10 * time.Minute, true},
	{"ZMANotRunning", "the controller does not answer", `
  up{namespace="zma-system", pod="zma-controller-1"} 0x10
  up{namespace="zma-system", pod="zma-webhook-1"} 1x10`, 10 * time.Minute, true},
	{"ZMANotRunning", "one of two controllers answers", `
  up{namespace="zma-system", pod="zma-controller-1"} 0x10
  up{namespace="zma-system", pod="zma-controller-2"} 1x10
  up{namespace="zma-system", pod="zma-webhook-1"} 1x10`, 10 * time.Minute, false},

	{"ZMASubmissionsUnresolved", "the first one of a process, whose counter starts at one",
		`zma_order_transitions_total{reason="SubmissionOutcomeUnknown"} _x90 1x30`, 100 * time.Minute, true},
	{"ZMASubmissionsUnresolved", "another one",
		`zma_order_transitions_total{reason="SubmissionOutcomeUnknown"} 1x100 2x20`, 110 * time.Minute, true},
	{"ZMASubmissionsUnresolved", "none for more than an hour",
		`zma_order_transitions_total{reason="SubmissionOutcomeUnknown"} 1x120`, 120 * time.Minute, false},
	{"ZMASubmissionsUnresolved", "orders go their way",
		`zma_order_transitions_total{reason="Placed"} 0+1x120`, 120 * time.Minute, false},

	{"ZMAOrdersNeedAPerson", "the first refused token",
		`zma_order_transitions_total{reason="CredentialsRefused"} _x90 1x30`, 100 * time.Minute, true},
	{"ZMAOrdersNeedAPerson", "orders wait for what comes by itself",
		`zma_order_transitions_total{reason="ProviderUnavailable"} _x90 1+1x30`, 100 * time.Minute, false},

	{"ZMANothingPlaced", "orders come in and stay", `
  zma_webhook_requests_total{outcome="accepted"} 0+1x180
  zma_order_transitions_total{reason="Placed"} 7x180`, 180 * time.Minute, true},
	{"ZMANothingPlaced", "none was ever placed", `zma_webhook_requests_total{outcome="accepted"} 0+1x180`, 180 * time.Minute, true},
	{"ZMANothingPlaced", "orders come in and go out", `
  zma_webhook_requests_total{outcome="accepted"} 0+1x180
  zma_order_transitions_total{reason="Placed"} 0+1x180`, 180 * time.Minute, false},
	{"ZMANothingPlaced", "a quiet night", `zma_webhook_requests_total{outcome="accepted"} 40x180`, 180 * time.Minute, false},

	{"ZMAOrdersStopped", "busy a week ago, nothing now",
		`zma_webhook_requests_total{outcome="accepted"} 0+1x5000 5000x6000`, week + 2*time.Hour, true},
	{"ZMAOrdersStopped", "busy then and now",
		`zma_webhook_requests_total{outcome="accepted"} 0+1x11000`, week + 2*time.Hour, false},

	{"ZMAProviderFailing", "two of three calls fail", `
  zma_provider_requests_total{outcome="2xx"} 0+1x20
  zma_provider_requests_total{outcome="failed"} 0+2x20`, 20 * time.Minute, true},
	{"ZMAProviderFailing", "one of three calls fails", `
  zma_provider_requests_total{outcome="2xx"} 0+2x20
  zma_provider_requests_total{outcome="5xx"} 0+1x20`, 20 * time.Minute, false},

	{"ZMALedgerUnavailable", "Postgres is away",
		`zma_ledger_operation_duration_seconds_count{outcome="unavailable"} _x5 1+1x10`, 10 * time.Minute, true},
	{"ZMALedgerUnavailable", "it was away, and is back", `
  zma_ledger_operation_duration_seconds_count{outcome="unavailable"} 9x20
  zma_ledger_operation_duration_seconds_count{outcome="ok"} 0+5x20`, 20 * time.Minute, false},

	{"ZMAMirrorBehind", "ten minutes behind", `zma_mirror_lag_seconds 600x10`, 10 * time.Minute, true},
	{"ZMAMirrorBehind", "seconds behind", `zma_mirror_lag_seconds 3x10`, 10 * time.Minute, false},

	{"ZMAMailsWaiting", "many, all the time", `zma_outbox_pending 40x40`, 40 * time.Minute, true},
	{"ZMAMailsWaiting", "many at times", `zma_outbox_pending 40x20 0x5 40x15`, 40 * time.Minute, false},

	{"ZMAMailsDead", "the first one of a process", `zma_mails_total{outcome="dead", kind="confirmation"} _x90 1x30`, 100 * time.Minute, true},
	{"ZMAMailsDead", "all are sent", `zma_mails_total{outcome="sent", kind="confirmation"} 0+1x100`, 100 * time.Minute, false},

	{"ZMAWebhooksFailing", "a shop has the wrong secret, another the right one", `
  zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="unauthenticated"} 0+1x20
  zma_webhook_requests_total{route="webhooks", source="shop/other", outcome="accepted"} 0+100x20`, 20 * time.Minute, true},
	{"ZMAWebhooksFailing", "repetitions are no failures, nor is what a person has suspended", `
  zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="repeated"} 0+9x20
  zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="source-suspended"} 0+9x20`, 20 * time.Minute, false},

	{"ZMAWebhooksRefused", "two a second", `zma_webhook_requests_total{outcome="unauthenticated"} 0+120x20`, 20 * time.Minute, true},
	{"ZMAWebhooksRefused", "two a minute", `zma_webhook_requests_total{outcome="unauthenticated"} 0+2x20`, 20 * time.Minute, false},

	{"ZMAUnknownProviderCode", "one", `zma_provider_unknown_codes_total 0x10 1x10`, 20 * time.Minute, true},
	{"ZMAUnknownProviderCode", "none", `zma_provider_unknown_codes_total 0x20`, 20 * time.Minute, false},

	{"ZMADeliveryLogDropped", "a row", `zma_webhook_deliveries_dropped_total 0x15 1x5`, 20 * time.Minute, true},
	{"ZMADeliveryLogDropped", "none", `zma_webhook_deliveries_dropped_total 0x20`, 20 * time.Minute, false},
}
