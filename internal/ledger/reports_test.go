package ledger_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Five orders of one day: bought and refunded, bought without a reservation,
// released, open in another currency, and open in another namespace.
func reportedSpend(t *testing.T) *db {
	t.Helper()
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	d.must(d.exec(`UPDATE zma_cost_tracking SET refunded_cents = 50, refunded_at = reserved_at WHERE external_id = 'order-1'`))
	lost := reservation(2, 1)
	unreserved := settlement(2, 1)
	unreserved.Lost = &lost
	d.must(d.Settle(t.Context(), unreserved))
	d.mustReserve(reservation(3, 1))
	d.must(d.Release(t.Context(), release(3, 1)))
	euro := reservation(4, 1)
	euro.Currency, euro.CustomerID = "EUR", "customer-2"
	d.mustReserve(euro)
	other := reservation(5, 1)
	other.Identity.Namespace = "outlet"
	d.mustReserve(other)
	return d
}

func TestSpendReports(t *testing.T) {
	d := reportedSpend(t)
	tests := []struct{ reason, sql, want string }{
		{"a day counts each state once and adds no currencies", `SELECT string_agg(concat_ws(' ', namespace, day, currency, reserved_attempts, reserved_cents,
			settled_attempts, settled_cents, refunded_cents, net_cents, released_attempts), ', ' ORDER BY namespace, currency) FROM report_spend_by_day`,
			"outlet 2026-03-14 USD 1 1000 0 0 0 0 0, shop 2026-03-14 EUR 1 1000 0 0 0 0 0, shop 2026-03-14 USD 0 0 2 1700 50 1650 1"},
		{"accounts", `SELECT string_agg(concat_ws(' ', namespace, account, currency, settled_cents, net_cents), ', ' ORDER BY namespace, currency) FROM report_spend_by_account`,
			"outlet main USD 0 0, shop main EUR 0 0, shop main USD 1700 1650"},
		{"customers", `SELECT string_agg(concat_ws(' ', namespace, customer_id, currency, reserved_cents, net_cents), ', ' ORDER BY namespace, currency) FROM report_spend_by_customer`,
			"outlet customer-1 USD 1000 0, shop customer-2 EUR 1000 0, shop customer-1 USD 0 1650"},
		{"variance is of what was settled", `SELECT string_agg(concat_ws(' ', currency, settled_attempts, estimated_cents, settled_cents, variance_cents, variance_percent, over_attempts, over_cents, under_attempts), ', ') FROM report_variance_by_day`,
			"USD 2 1600 1700 100 6.25 2 100 0"},
		{"costs tell how they came about", `SELECT string_agg(concat_ws(' ', external_id, state, net_cents, unreserved), ', ' ORDER BY external_id) FROM report_costs WHERE namespace = 'shop'`,
			"order-1 settled 800 f, order-2 settled 850 t, order-3 released f, order-4 reserved f"},
		{"a time zone moves the day", `SELECT string_agg(concat_ws(' ', day, net_cents), ', ') FROM report_spend_by_day('Pacific/Kiritimati', '2026-03-15', '2026-03-15') WHERE net_cents <> 0`,
			"2026-03-15 1650"},
		{"days outside are left out", `SELECT count(*)::text FROM report_spend_by_day('UTC', '2026-03-15', '2026-03-16')`, "0"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := value[string](d, tc.sql); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// What the trigger keeps must be what adding up again would give.
func TestSpendDaysFollowTheCosts(t *testing.T) {
	d := reportedSpend(t)
	sql := `SELECT count(*) FROM (SELECT s.namespace, s.day, s.account, s.retailer, s.currency, s.reserved_cents, s.settled_cents, s.refunded_cents, s.released_count FROM spend_days s
		EXCEPT SELECT e.namespace, e.day, e.account, e.retailer, e.currency, sum(e.reserved_cents), sum(e.settled_cents), sum(e.refunded_cents), sum(e.released_count)
		FROM zma_cost_tracking c CROSS JOIN LATERAL spend_days_entry(c) e GROUP BY 1, 2, 3, 4, 5) x`
	if n := value[int64](d, sql); n != 0 {
		t.Errorf("%d days differ", n)
	}
}

func TestCostsLearnTheirRetailerFromTheMirror(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	o := order(1, "a", noon, 1)
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: o}}))
	d.must(d.exec(`UPDATE orders SET retailer = 'walmart'`))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	got := value[string](d, `SELECT string_agg(concat_ws(' ', retailer, reserved_cents, settled_cents, net_cents), ', ') FROM report_spend_by_retailer WHERE retailer IS NOT NULL`)
	if want := "walmart 0 850 850"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	left := value[int64](d, `SELECT sum(reserved_cents + settled_cents)::bigint FROM report_spend_by_retailer WHERE retailer IS NULL`)
	if left != 0 {
		t.Errorf("%d cents stay without a retailer", left)
	}
}

func TestOrderReports(t *testing.T) {
	d := newDB(t)
	open, ended, gone := order(1, "a", noon, 1), order(2, "a", noon, 1), order(3, "a", noon, 1)
	ended.Status.Conditions[0].Reason = v1alpha1.ReasonCancelled
	open.Status.History = []v1alpha1.Transition{
		{At: open.CreationTimestamp, Reason: "Scheduled"},
		{At: metav1.NewTime(noon.Add(time.Minute)), Reason: "Submitting", Attempt: 1},
	}
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: open}, {Order: ended}, {Order: gone, Deleted: true}}))
	d.must(d.exec(`UPDATE orders SET placed_at = created_at + interval '1 hour', delivered_at = created_at + interval '3 hours' WHERE uid = 'a' AND deleted_at IS NOT NULL`))
	tests := []struct{ reason, sql, want string }{
		{"ended and deleted orders are not open", `SELECT string_agg(concat_ws(' ', external_id, state, state_since - created_at), ', ') FROM report_open_orders`, "order-1 Reason1 00:01:00"},
		{"states of a day hold them all", `SELECT string_agg(concat_ws(' ', day, state, orders, deleted_orders, total_cents), ', ' ORDER BY state) FROM report_orders_by_day`,
			"2026-03-14 Cancelled 1 0 1000, 2026-03-14 Reason1 2 1 2000"},
		{"the last state has not been left", `SELECT string_agg(concat_ws(' ', step, attempt, COALESCE(seconds, -1)), ', ' ORDER BY position) FROM report_order_steps WHERE external_id = 'order-1'`,
			"Scheduled 0 60, Submitting 1 -1"},
		{"steps between times", `SELECT string_agg(concat_ws(' ', step, orders, median_seconds), ', ' ORDER BY step) FROM report_step_times_by_day`,
			"created to delivered 1 10800, created to placed 1 3600, placed to delivered 1 7200"},
		{"a time zone moves the day", `SELECT string_agg(concat_ws(' ', day, orders), ', ') FROM report_orders_by_day('Pacific/Kiritimati', '2026-03-15', '2026-03-15') WHERE state = 'Cancelled'`,
			"2026-03-15 1"},
		{"steps move with it", `SELECT string_agg(concat_ws(' ', day, step, orders), ', ') FROM report_step_times_by_day('Pacific/Kiritimati', '2026-03-15', '2026-03-15') WHERE step = 'created to placed'`,
			"2026-03-15 created to placed 1"},
		{"days outside are left out", `SELECT concat_ws(' ', (SELECT count(*) FROM report_orders_by_day('UTC', '2026-03-15', '2026-03-16')),
			(SELECT count(*) FROM report_orders_by_day('UTC', '2026-03-12', '2026-03-13')), (SELECT count(*) FROM report_order_steps('UTC', '2026-03-15', 'infinity')))`, "0 0 0"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := value[string](d, tc.sql); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestDeliveryAndRecoveryReports(t *testing.T) {
	d := newDB(t)
	var deliveries []ledger.Delivery
	for i, status := range []int{202, 204, 401, 503} {
		deliveries = append(deliveries, ledger.Delivery{At: noon, Namespace: "shop", Source: "store", Route: "store", Status: status,
			Duration: time.Duration(i+1) * time.Millisecond, Outcome: "x"})
	}
	deliveries[2].SecurityEvent = "bad_signature"
	d.must(d.InsertDeliveries(t.Context(), deliveries))
	for n, state := range []string{"sent", "sent", "dead", "pending"} {
		d.must(d.exec(`INSERT INTO email_outbox (namespace, source, external_id, kind, transition, policy, recipient, message_id, state, created_at, next_attempt_at, sent_at)
			VALUES ('shop', 'store', 'order-1', 'Confirmation', $1::integer::varchar, 'default', 'someone@example.com', 'id', $2::varchar, $3, $3, CASE WHEN $2::varchar = 'sent' THEN $3::timestamptz + interval '4 seconds' END)`, n, state, noon))
	}
	for n := 1; n <= 3; n++ {
		d.mustReserve(reservation(n, 1))
		d.must(d.LogRecovery(t.Context(), ledger.RecoveryEntry{Identity: identity(n), Attempt: 1, Verb: "resolve", Actor: "controller", StartedAt: noon}))
	}
	d.clock.add(time.Minute)
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	r := release(2, 1)
	r.Outcome = ledger.OutcomeRefused
	d.must(d.Release(t.Context(), r))
	tests := []struct{ reason, sql, want string }{
		{"webhooks by status", `SELECT concat_ws(' ', day, requests, succeeded, refused, failed, security_events, success_percent, median_us) FROM report_webhooks_by_day`,
			"2026-03-14 4 2 1 1 1 50.00 2000"},
		{"mails by state", `SELECT concat_ws(' ', day, queued, sent, waiting, dead, success_percent, median_seconds) FROM report_mails_by_day WHERE kind = 'Confirmation'`,
			"2026-03-14 4 2 1 1 66.67 4"},
		{"recoveries by outcome", `SELECT concat_ws(' ', day, verb, by_hand, recoveries, orders, bought, ended_otherwise, closed_before, open, median_seconds_to_bought) FROM report_recoveries_by_day`,
			"2026-03-14 resolve f 3 3 1 1 0 1 60"},
		{"a time zone moves the day", `SELECT concat_ws(' ', w.day, w.requests, m.day, m.queued, r.day, r.recoveries) FROM report_webhooks_by_day('Pacific/Kiritimati', '2026-03-15', '2026-03-15') w,
			report_mails_by_day('Pacific/Kiritimati', '2026-03-15', '2026-03-15') m, report_recoveries_by_day('Pacific/Kiritimati', '2026-03-15', '2026-03-15') r WHERE m.kind = 'Confirmation'`,
			"2026-03-15 4 2026-03-15 4 2026-03-15 3"},
		{"days outside are left out", `SELECT concat_ws(' ', (SELECT count(*) FROM report_webhooks_by_day('UTC', '2026-03-15', '2026-03-16')),
			(SELECT count(*) FROM report_mails_by_day('UTC', '2026-03-12', '2026-03-13')), (SELECT count(*) FROM report_recoveries_by_day('UTC', '2026-03-15', 'infinity')))`, "0 0 0"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := value[string](d, tc.sql); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
