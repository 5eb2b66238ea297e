package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// reserveAt reserves order n at a time, and settles every second one.
func (d *db) reserveAt(n int, at time.Time) {
	d.t.Helper()
	d.clock.set(at)
	d.mustReserve(reservation(n, 1))
	if n%2 == 0 {
		d.must(d.Settle(d.t.Context(), settlement(n, 1)))
	}
}

func TestTotalsAreByDayAndMonthOfTheAccount(t *testing.T) {
	d := newDB(t)
	for n, at := range []string{
		"2026-03-08T04:59:00Z", // the 7th in New York
		"2026-03-08T05:00:00Z", // the 8th begins
		"2026-03-09T03:59:00Z", // and has 23 hours
		"2026-03-09T04:00:00Z", // the 9th begins
		"2026-11-01T04:00:00Z", // a day of 25 hours
		"2026-11-02T04:59:00Z", // its last minute
		"2026-11-02T05:00:00Z", // the 2nd begins
	} {
		when, err := time.Parse(time.RFC3339, at)
		d.must(err)
		d.reserveAt(n, when)
	}
	_, err := d.Refund(t.Context(), refund(2, "txn-1", 300))
	d.must(err)
	tests := []struct {
		reason   string
		from, to string
		zone     string
		by       ledger.TotalsBy
		want     []string
	}{
		{"a day of 23 hours", "2026-03-08T12:00:00Z", "2026-03-08T12:00:00Z", "America/New_York", ledger.ByDay,
			[]string{"2026-03-08T00:00:00-05:00 1000 850 300 550"}},
		{"a day of 25 hours", "2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z", "America/New_York", ledger.ByDay,
			[]string{"2026-11-01T00:00:00-04:00 1000 850 0 850"}},
		{"days around the short one", "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z", "America/New_York", ledger.ByDay,
			[]string{"2026-03-07T00:00:00-05:00 0 850 0 850", "2026-03-08T00:00:00-05:00 1000 850 300 550",
				"2026-03-09T00:00:00-04:00 1000 0 0 0"}},
		{"the same in UTC", "2026-03-08T00:00:00Z", "2026-03-09T00:00:00Z", "", ledger.ByDay,
			[]string{"2026-03-08T00:00:00Z 1000 850 0 850", "2026-03-09T00:00:00Z 1000 850 300 550"}},
		{"months", "2026-03-31T12:00:00Z", "2026-11-30T12:00:00Z", "America/New_York", ledger.ByMonth,
			[]string{"2026-03-01T00:00:00-05:00 2000 1700 300 1400", "2026-11-01T00:00:00-04:00 1000 1700 0 1700"}},
		{"nothing was reserved", "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z", "", ledger.ByDay, nil},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			q := ledger.TotalsQuery{Namespace: "shop", Account: "main", Timezone: tc.zone, By: tc.by}
			q.From, _ = time.Parse(time.RFC3339, tc.from)
			q.To, _ = time.Parse(time.RFC3339, tc.to)
			totals, err := d.Totals(t.Context(), q)
			d.must(err)
			var got []string
			for _, v := range totals {
				got = append(got, fmt.Sprintf("%s %d %d %d %d", v.Start.Format(time.RFC3339),
					v.ReservedCents, v.SettledCents, v.RefundedCents, v.NetCents))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTotalsAreOfOneAccountAndOfEachCustomer(t *testing.T) {
	d := newDB(t)
	for n, change := range []func(*ledger.Reservation){
		func(*ledger.Reservation) {},
		func(r *ledger.Reservation) { r.CustomerID = "customer-2" },
		func(r *ledger.Reservation) { r.Account = "other" },
		func(r *ledger.Reservation) { r.Identity.Namespace = "elsewhere" },
		func(r *ledger.Reservation) { r.Currency = "EUR" },
	} {
		r := reservation(n, 1)
		change(&r)
		d.mustReserve(r)
	}
	d.mustReserve(reservation(9, 1))
	d.must(d.Release(t.Context(), release(9, 1)))
	q := ledger.TotalsQuery{Namespace: "shop", Account: "main", By: ledger.ByDay, From: noon, To: noon}
	row := func(customer, currency string, reserved int64) ledger.Total {
		return ledger.Total{Start: noon.Truncate(24 * time.Hour), CustomerID: customer, Currency: currency, ReservedCents: reserved}
	}
	all, err := d.Totals(t.Context(), q)
	d.must(err)
	if diff := cmp.Diff([]ledger.Total{row("", "EUR", 1000), row("", "USD", 2000)}, all); diff != "" {
		t.Error(diff)
	}
	q.EachCustomer = true
	each, err := d.Totals(t.Context(), q)
	d.must(err)
	want := []ledger.Total{row("customer-1", "EUR", 1000), row("customer-1", "USD", 1000), row("customer-2", "USD", 1000)}
	if diff := cmp.Diff(want, each); diff != "" {
		t.Error(diff)
	}
	q.CustomerID = "customer-2"
	one, err := d.Totals(t.Context(), q)
	d.must(err)
	if diff := cmp.Diff(want[2:], one); diff != "" {
		t.Error(diff)
	}
}

func TestTotalsRefuseWhatCantBeMeant(t *testing.T) {
	d := newDB(t)
	for name, change := range map[string]func(*ledger.TotalsQuery){
		"a zone that nobody knows": func(q *ledger.TotalsQuery) { q.Timezone = "Europe/Nowhere" },
		"the zone of a replica":    func(q *ledger.TotalsQuery) { q.Timezone = "Local" },
		"a length of its own":      func(q *ledger.TotalsQuery) { q.By = "week" },
		"an end before its begin":  func(q *ledger.TotalsQuery) { q.To = q.From.AddDate(0, 0, -1) },
		"more than ten years":      func(q *ledger.TotalsQuery) { q.To = q.From.AddDate(11, 0, 0) },
	} {
		q := ledger.TotalsQuery{Namespace: "shop", Account: "main", By: ledger.ByDay, From: noon, To: noon}
		change(&q)
		if _, err := d.Totals(t.Context(), q); kind(err) != "invalid" {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}
