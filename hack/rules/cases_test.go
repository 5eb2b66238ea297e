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

	{"ZMASubmissionsUnresolved", "an order, for as long as it is there",
		`zma_orders{namespace="shop", account="main", reason="SubmissionOutcomeUnknown"} 1x3000`, 3000 * time.Minute, true},
	{"ZMASubmissionsUnresolved", "the order was resolved",
		`zma_orders{namespace="shop", account="main", reason="SubmissionOutcomeUnknown"} 1x100 _x20`, 110 * time.Minute, false},
	{"ZMASubmissionsUnresolved", "orders go their way", `
  zma_orders{namespace="shop", account="main", reason="ResolvingSubmission"} 5x120
  zma_orders{namespace="shop", account="main", reason="Placed"} 0+1x120`, 120 * time.Minute, false},

	{"ZMAOrdersNeedAPerson", "a refused token, for as long as its orders are there",
		`zma_orders{namespace="shop", account="main", reason="CredentialsRefused"} 1x3000`, 3000 * time.Minute, true},
	{"ZMAOrdersNeedAPerson", "a person has acted",
		`zma_orders{namespace="shop", account="main", reason="NeedsDecision"} 1x100 _x20`, 110 * time.Minute, false},
	{"ZMAOrdersNeedAPerson", "the retailer cancels, for the first time in this process",
		`zma_order_transitions_total{reason="CancelledByRetailer"} _x90 1x30`, 100 * time.Minute, true},
	{"ZMAOrdersNeedAPerson", "what the retailer cancelled long ago, which stays there", `
  zma_orders{namespace="shop", account="main", reason="CancelledByRetailer"} 1x120
  zma_order_transitions_total{reason="CancelledByRetailer"} 1x120`, 120 * time.Minute, false},
	{"ZMAOrdersNeedAPerson", "orders wait for what comes by itself, or have ended", `
  zma_orders{namespace="shop", account="main", reason="ProviderUnavailable"} 9x120
  zma_orders{namespace="shop", account="main", reason="Rejected"} 9x120`, 100 * time.Minute, false},

	{"ZMAOrdersNeedAPerson", "an address waits for its correction",
		`zma_orders{namespace="shop", account="main", reason="AwaitingAddress"} 1x100`, 100 * time.Minute, true},

	{"ZMAOrdersNotBought", "a product is not to be had, for the first time in this process",
		`zma_order_transitions_total{reason="Rejected"} _x90 1x30`, 100 * time.Minute, true},
	{"ZMAOrdersNotBought", "one more payment was refunded",
		`zma_order_transitions_total{reason="PaymentInvalid"} 4x90 5x30`, 100 * time.Minute, true},
	{"ZMAOrdersNotBought", "those of long ago, which stay there", `
  zma_orders{namespace="shop", account="main", reason="Denied"} 3x120
  zma_order_transitions_total{reason="Denied"} 3x120`, 120 * time.Minute, false},
	{"ZMAOrdersNotBought", "orders are placed, or given up by the customer", `
  zma_order_transitions_total{reason="Placed"} 0+1x120
  zma_order_transitions_total{reason="Cancelled"} 0+1x120`, 120 * time.Minute, false},

	{"ZMAOrdersOverdue", "one of many", `
  zma_orders_overdue{namespace="shop", account="main", reason="Processing"} 1x20
  zma_orders_overdue{namespace="shop", account="second", reason="Processing"} 0x20`, 20 * time.Minute, true},
	{"ZMAOrdersOverdue", "orders in time", `
  zma_orders{namespace="shop", account="main", reason="Processing"} 9x20
  zma_orders_overdue{namespace="shop", account="main", reason="Processing"} 0x20`, 20 * time.Minute, false},

	{"ZMACircuitOpen", "one account of two", `
  zma_account_circuit_state{namespace="shop", account="main"} 2x20
  zma_account_circuit_state{namespace="shop", account="second"} 0x20`, 20 * time.Minute, true},
	{"ZMACircuitOpen", "each order that tries fails", `zma_account_circuit_state{namespace="shop", account="main"} 2 2 1 2 1 2 1`, 390 * time.Second, true},
	{"ZMACircuitOpen", "orders have been trying for some minutes", `zma_account_circuit_state{namespace="shop", account="main"} 2x5 1x20`, 20 * time.Minute, false},
	{"ZMACircuitOpen", "closed", `zma_account_circuit_state{namespace="shop", account="main"} 0x20`, 20 * time.Minute, false},

	{"ZMAOrphans", "an order at one side only", `zma_orphans{namespace="shop", account="main", kind="OrderOrphaned"} 1x20`, 20 * time.Minute, true},
	{"ZMAOrphans", "both sides agree", `zma_orphans{namespace="shop", account="main", kind="OrderOrphaned"} 0x20`, 20 * time.Minute, false},

	{"ZMAOrphans", "purchases of somebody else have an alert of their own", `zma_orphans{namespace="shop", account="main", kind="UnknownPurchase"} 1x20`, 20 * time.Minute, false},

	{"ZMAUnknownPurchases", "somebody else buys", `zma_orphans{namespace="shop", account="main", kind="UnknownPurchase"} 1x20`, 20 * time.Minute, true},
	{"ZMAUnknownPurchases", "nobody else buys", `zma_orphans{namespace="shop", account="main", kind="UnknownPurchase"} 0x20`, 20 * time.Minute, false},

	{"ZMAOrphanSweepStale", "no sweep has come to its end for more than six hours",
		`zma_orphan_sweep_success_timestamp_seconds{namespace="shop", account="main"} 60x400`, 362 * time.Minute, true},
	{"ZMAOrphanSweepStale", "one account of two", `
  zma_orphan_sweep_success_timestamp_seconds{namespace="shop", account="main"} 60x400
  zma_orphan_sweep_success_timestamp_seconds{namespace="shop", account="second"} 0+60x400`, 362 * time.Minute, true},
	{"ZMAOrphanSweepStale", "each sweep comes to its end, or the next one does", `
  zma_orphan_sweep_errors_total{namespace="shop", account="main"} 1+1x400
  zma_orphan_sweep_success_timestamp_seconds{namespace="shop", account="main"} 0+60x400`, 370 * time.Minute, false},

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
	{"ZMAWebhooksFailing", "mostly events that are not wanted", `zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="accepted"} 0+1x20
  zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="ignored"} 0+9x20`, 20 * time.Minute, false},

	{"ZMAWebhookOrdersRefused", "one that can't be mapped", `zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="mapping-failed"} 0x10 1x10`, 20 * time.Minute, true},
	{"ZMAWebhookOrdersRefused", "events that are not wanted", `zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="ignored"} 0+5x20`, 20 * time.Minute, false},

	{"ZMAWebhooksRefused", "one a second", `zma_webhook_security_events_total{event="bad_signature", source="shop/web"} 0+60x30`, 30 * time.Minute, true},
	{"ZMAWebhooksRefused", "two a minute", `zma_webhook_security_events_total{event="bad_signature", source="shop/web"} 0+2x30`, 30 * time.Minute, false},
	{"ZMAWebhooksRefused", "replays are another matter", `zma_webhook_security_events_total{event="replay", source="shop/web"} 0+60x30`, 30 * time.Minute, false},

	{"ZMAWebhookClockSkew", "a sender whose clock is off", `zma_webhook_security_events_total{event="stale_signature", source="shop/web"} 0+2x20`, 20 * time.Minute, true},
	{"ZMAWebhookClockSkew", "one late delivery", `zma_webhook_security_events_total{event="stale_signature", source="shop/web"} 0x10 1x10`, 20 * time.Minute, false},

	{"ZMAWebhookReplays", "three a minute", `zma_webhook_security_events_total{event="replay", source="shop/web"} 0+3x20`, 20 * time.Minute, true},
	{"ZMAWebhookReplays", "a repetition now and then", `zma_webhook_security_events_total{event="replay", source="shop/web"} 0x10 2x10`, 20 * time.Minute, false},

	{"ZMAWebhookCardNumbers", "one", `zma_webhook_security_events_total{event="card_number", source="shop/web"} 0x10 1x10`, 20 * time.Minute, true},
	{"ZMAWebhookCardNumbers", "none", `zma_webhook_security_events_total{event="card_number", source="shop/web"} 0x20`, 20 * time.Minute, false},

	{"ZMAWebhooksRateLimited", "two a second", `zma_webhook_security_events_total{event="rate_limited", source="shop/web"} 0+120x30`, 30 * time.Minute, true},
	{"ZMAWebhooksRateLimited", "a short burst", `zma_webhook_security_events_total{event="rate_limited", source="shop/web"} 0x10 50x20`, 30 * time.Minute, false},

	{"ZMAWebhookOriginsRefused", "a page that tries again and again", `zma_webhook_security_events_total{event="origin_refused", source="shop/web"} 0+2x30`, 30 * time.Minute, true},
	{"ZMAWebhookOriginsRefused", "a curious person", `zma_webhook_security_events_total{event="origin_refused", source="shop/web"} 0x10 3x20`, 30 * time.Minute, false},

	{"ZMACallbacksRefused", "one a second", `zma_webhook_security_events_total{event="bad_callback"} 0+60x30`, 30 * time.Minute, true},
	{"ZMACallbacksRefused", "a callback of a removed key", `zma_webhook_security_events_total{event="bad_callback"} 0x10 3x20`, 30 * time.Minute, false},

	{"ZMAWebhookConnectionsExhausted", "five a second", `zma_webhook_connections_closed_total{reason="full"} 0+300x20`, 20 * time.Minute, true},
	{"ZMAWebhookConnectionsExhausted", "a short crowd", `zma_webhook_connections_closed_total{reason="full"} 0x10 100x10`, 20 * time.Minute, false},

	{"ZMARateLimitsNotShared", "Postgres is away", `zma_webhook_rate_limit_syncs_total{outcome="failed"} 0+30x40
  zma_webhook_rate_limit_syncs_total{outcome="ok"} 5x40`, 40 * time.Minute, true},
	{"ZMARateLimitsNotShared", "one failure", `zma_webhook_rate_limit_syncs_total{outcome="failed"} 0x10 1x30
  zma_webhook_rate_limit_syncs_total{outcome="ok"} 0+60x40`, 40 * time.Minute, false},

	{"ZMAUnknownProviderCode", "one", `zma_provider_unknown_codes_total 0x10 1x10`, 20 * time.Minute, true},
	{"ZMAUnknownProviderCode", "none", `zma_provider_unknown_codes_total 0x20`, 20 * time.Minute, false},

	{"ZMADeliveryLogDropped", "a row", `zma_webhook_deliveries_dropped_total 0x15 1x5`, 20 * time.Minute, true},
	{"ZMADeliveryLogDropped", "none", `zma_webhook_deliveries_dropped_total 0x20`, 20 * time.Minute, false},

	{"ZMAAuditNotSealed", "a transaction that is never finished", `zma_audit_oldest_unsealed_seconds 0+60x20`, 20 * time.Minute, true},
	{"ZMAAuditNotSealed", "seconds, as always", `zma_audit_oldest_unsealed_seconds 12x20`, 20 * time.Minute, false},

	{"ZMAAuditRowsLost", "one", `zma_audit_rows_lost_total 0x10 1x10`, 20 * time.Minute, true},
	{"ZMAAuditRowsLost", "none", `zma_audit_rows_lost_total 0x20`, 20 * time.Minute, false},

	{"ZMAAuditAnchorMismatch", "the leader sees another chain", `
  zma_audit_anchor_mismatch{pod="a"} 0x5 1x15
  zma_audit_anchor_mismatch{pod="b"} 0x20`, 20 * time.Minute, true},
	{"ZMAAuditAnchorMismatch", "the chain holds it", `zma_audit_anchor_mismatch{pod="a"} 0x20`, 20 * time.Minute, false},

	{"ZMAAuditNotAnchored", "the right to write it is missing", `zma_audit_errors_total 0+6x40`, 40 * time.Minute, true},
	{"ZMAAuditNotAnchored", "the API server was restarted", `zma_audit_errors_total 0x20 6x20`, 30 * time.Minute, false},

	{"ZMARetentionFailing", "partitions can't be made", `zma_retention_errors_total{step="partitions"} 0+0.2x120`, 2 * time.Hour, true},
	{"ZMARetentionFailing", "orders can't be removed", `zma_retention_errors_total{step="orders"} 0+1x120`, 2 * time.Hour, true},
	{"ZMARetentionFailing", "Postgres was away for twenty minutes", `zma_retention_errors_total{step="orders"} 0x20 1+1x20 21x40`, 65 * time.Minute, false},
	{"ZMARetentionFailing", "a lock was held once", `zma_retention_errors_total{step="deliveries"} 0x20 1x120`, 2 * time.Hour, false},

	{"ZMABalanceLow", "below lowCents", `zma_account_funds_state{namespace="shop", account="main"} 0x5 1x15`, 20 * time.Minute, true},
	{"ZMABalanceLow", "enough, while another account is critical", `
  zma_account_funds_state{namespace="shop", account="main"} 1x5 0x15
  zma_account_funds_state{namespace="shop", account="second"} 2x20`, 20 * time.Minute, false},

	{"ZMABalanceCritical", "below criticalCents", `zma_account_funds_state{namespace="shop", account="main"} 1x5 2x15`, 20 * time.Minute, true},
	{"ZMABalanceCritical", "low only", `zma_account_funds_state{namespace="shop", account="main"} 2x5 1x15`, 20 * time.Minute, false},

	{"ZMABudgetNearlyUsed", "the month, long before its end", `
  zma_account_budget_state{namespace="shop", account="main", period="daily"} 0x20
  zma_account_budget_state{namespace="shop", account="main", period="monthly"} 1x20`, 20 * time.Minute, true},
	{"ZMABudgetNearlyUsed", "the day is used up", `zma_account_budget_state{namespace="shop", account="main", period="daily"} 2x20`, 20 * time.Minute, true},
	{"ZMABudgetNearlyUsed", "another day", `zma_account_budget_state{namespace="shop", account="main", period="daily"} 2x10 0x10`, 20 * time.Minute, false},

	{"ZMACostVariance", "the first in this process", `zma_cost_variances_total{namespace="shop", account="main", direction="over"} _x90 1x30`, 100 * time.Minute, true},
	{"ZMACostVariance", "one more", `zma_cost_variances_total{namespace="shop", account="main", direction="under"} 3x90 4x30`, 100 * time.Minute, true},
	{"ZMACostVariance", "long ago", `zma_cost_variances_total{namespace="shop", account="main", direction="over"} 4x120`, 120 * time.Minute, false},
}
