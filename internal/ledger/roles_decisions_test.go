package ledger_test

// decision is what each role may do with a table or view: verbs, with their columns
// in brackets where it is not all of them. Empty is nothing.
type decision struct{ operator, intake, reporter, auditor string }

// reads is what the auditor may do.
const reads = "SELECT"

// tableDecisions decides every table and view. What is not here fails the test:
// decide who needs a new table, grant it by zma_permit, and add it.
var tableDecisions = map[string]decision{
	// Money. What sums up or posts is written by triggers alone.
	"spend_accounts": {operator: "SELECT INSERT UPDATE(created_at)", auditor: reads},
	"order_identities": {operator: "SELECT INSERT UPDATE(outcome outcome_reason record closed_at)",
		reporter: "SELECT(namespace source external_id name outcome outcome_reason created_at closed_at)", auditor: reads},
	"order_attempts": {operator: "SELECT INSERT UPDATE(state request_id error_code reason settled_at released_at)",
		reporter: "SELECT(namespace source external_id attempt state error_code reason max_price_cents unreserved reserved_at settled_at released_at)",
		auditor:  reads},
	"zma_cost_tracking": {operator: "SELECT INSERT UPDATE(customer_id contents_digest state estimated_cents subtotal_cents shipping_cents tax_cents adjustment_cents " +
		"total_cents variance_cents settled_after_release settled_at released_at refunded_cents refunded_at)",
		reporter: "SELECT(namespace source external_id attempt account retailer currency state estimated_cents max_price_cents subtotal_cents " +
			"shipping_cents tax_cents adjustment_cents total_cents variance_cents unreserved settled_after_release reserved_at settled_at " +
			"released_at refunded_cents refunded_at)", auditor: reads},
	"spend_periods":             {operator: "SELECT", reporter: "SELECT", auditor: reads},
	"spend_days":                {reporter: "SELECT", auditor: reads},
	"order_refunds":             {operator: "SELECT INSERT", reporter: "SELECT(namespace source external_id attempt cents booked_at)", auditor: reads},
	"order_payments":            {operator: "SELECT INSERT", auditor: reads},
	"journal_transactions":      {operator: "SELECT", reporter: "SELECT", auditor: reads},
	"journal_entries":           {operator: "SELECT", reporter: "SELECT", auditor: reads},
	"journal_balances":          {operator: "SELECT", reporter: "SELECT", auditor: reads},
	"journal_differences":       {operator: "SELECT", auditor: reads},
	"journal_order_differences": {operator: "SELECT", auditor: reads},

	// Records.
	"orders": {operator: "SELECT INSERT UPDATE",
		reporter: "SELECT(namespace source external_id name generation status_reason ready stalled attempt account retailer total_cents currency " +
			"max_price_cents actual_total_cents history created_at updated_at placed_at delivered_at deleted_at)", auditor: reads},
	"order_items": {operator: "SELECT INSERT UPDATE DELETE",
		reporter: "SELECT(namespace source external_id line_number product_id quantity unit_price_cents title category)", auditor: reads},
	"order_recovery_logs": {operator: "SELECT INSERT",
		reporter: "SELECT(id namespace source external_id attempt verb reason by_hand started_at duration_us)", auditor: reads},
	"email_outbox": {operator: "SELECT INSERT UPDATE(recipient data state attempts unsure last_category next_attempt_at claimed_until sent_at)",
		reporter: "SELECT(id namespace source external_id kind policy state attempts unsure created_at next_attempt_at sent_at)", auditor: reads},
	"admin_alerts": {operator: "SELECT INSERT UPDATE(severity summary occurrences last_seen_at resolved_at)",
		reporter: "SELECT(id namespace kind severity occurrences first_seen_at last_seen_at resolved_at)", auditor: reads},
	"audit_log":      {operator: "SELECT INSERT", auditor: reads},
	"audit_blocks":   {operator: "SELECT INSERT", auditor: reads},
	"restore_epochs": {operator: "SELECT INSERT", auditor: reads},

	// The webhook endpoint. Security events come and go by a trigger and the sealer.
	"security_events": {operator: "SELECT DELETE", auditor: reads},
	"webhook_deliveries": {operator: "INSERT", intake: "INSERT",
		reporter: "SELECT(id at namespace source route method outcome category status duration_us body_bytes security_event)", auditor: reads},
	"rate_limits": {operator: "SELECT INSERT UPDATE(full_at added) DELETE", intake: "SELECT INSERT UPDATE(full_at added) DELETE", auditor: reads},
	// A key is no record: with it, addresses could be tried against rate_limits.
	"rate_limit_secret": {operator: "SELECT(secret)", intake: "SELECT(secret)"},

	// The schema itself.
	"schema_support":   {operator: "SELECT(oldest_version)", intake: "SELECT(oldest_version)", auditor: reads},
	"goose_db_version": {operator: "SELECT(version_id is_applied)", intake: "SELECT(version_id is_applied)", auditor: reads},
	// Its policy shows a reporter the rows of its own login.
	"reporter_namespaces": {reporter: "SELECT", auditor: reads},

	// Reports.
	"report_open_orders":          {reporter: "SELECT", auditor: reads},
	"report_open_orders_by_state": {reporter: "SELECT", auditor: reads},
	"report_orders_by_day":        {reporter: "SELECT", auditor: reads},
	"report_orders_by_state":      {reporter: "SELECT", auditor: reads},
	"report_spend_by_day":         {reporter: "SELECT", auditor: reads},
	"report_spend_by_account":     {reporter: "SELECT", auditor: reads},
	"report_spend_by_retailer":    {reporter: "SELECT", auditor: reads},
	// The sender's number for a customer is personal data.
	"report_spend_by_customer": {auditor: reads},
	"report_costs":             {reporter: "SELECT", auditor: reads},
	"report_variance_by_day":   {reporter: "SELECT", auditor: reads},
	"report_recoveries_by_day": {reporter: "SELECT", auditor: reads},
	"report_webhooks_by_day":   {reporter: "SELECT", auditor: reads},
	"report_mails_by_day":      {reporter: "SELECT", auditor: reads},
	"report_order_steps":       {reporter: "SELECT", auditor: reads},
	"report_step_times_by_day": {reporter: "SELECT", auditor: reads},
}

// functionDecisions decides every function, by its signature.
var functionDecisions = map[string]decision{
	"report_spend_by_day(text,date,date)":      {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_orders_by_day(text,date,date)":     {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_costs(text,date,date)":             {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_recoveries_by_day(text,date,date)": {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_webhooks_by_day(text,date,date)":   {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_mails_by_day(text,date,date)":      {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_order_steps(text,date,date)":       {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_step_times_by_day(text,date,date)": {reporter: "EXECUTE", auditor: "EXECUTE"},
	"report_spend_by_customer(text,date,date)": {auditor: "EXECUTE"},
	// Runs as its owner, to hash whom it counts, for the namespaces of who asks.
	"report_top_customers(text,date,date,integer)": {reporter: "EXECUTE"},
	// Partitions are made and dropped as the owner, by fixed rules.
	"zma_partitions_ensure()":      {operator: "EXECUTE"},
	"zma_partitions_drop(integer)": {operator: "EXECUTE"},
	"zma_partitions()":             {},
	// For migrations.
	"zma_secure(regclass,boolean)":     {},
	"zma_permit(regclass,name,text[])": {},
	// Of triggers, which need no right of who sets them off.
	"audit_log_is_append_only()":         {},
	"audit_blocks_is_append_only()":      {},
	"journal_is_append_only()":           {},
	"journal_entries_balance()":          {},
	"spend_periods_follow()":             {},
	"spend_days_follow()":                {},
	"webhook_deliveries_note_security()": {},
	"zma_cost_tracking_post()":           {},
	"zma_cost_tracking_name_retailer()":  {},
	"order_refunds_post()":               {},
	// Called by those.
	"spend_days_entry(zma_cost_tracking)": {},
	"spend_days_add(spend_days,bigint)":   {},
	"journal_post(zma_cost_tracking,text,text,timestamp with time zone,bigint,bigint,bigint,bigint,bigint,bigint)": {},
}

// partitionDecisions decides partitions by their parent's name. A partition is read
// and written through its parent, whose rights and policies count then: direct
// rights need an entry here. Its own policies would count, not the parent's.
var partitionDecisions = map[string]decision{"webhook_deliveries": {auditor: reads}}

// sequenceDecisions decides sequences that no identity column has for itself: USAGE
// is to take a number.
var sequenceDecisions = map[string]decision{
	// Before PostgreSQL 17 a partitioned table has no identity columns.
	"webhook_deliveries_id_seq": {operator: "USAGE", intake: "USAGE"},
}

func (d decision) of(role string) string {
	switch role {
	case "zma_operator":
		return d.operator
	case "zma_intake":
		return d.intake
	case "zma_reporter":
		return d.reporter
	case "zma_auditor":
		return d.auditor
	}
	return ""
}
