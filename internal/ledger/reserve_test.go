package ledger_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestReserveAdmitsAnAttemptOnceAndInOrder(t *testing.T) {
	reserve := func(attempt int64) func(*db) error {
		return func(d *db) error { _, err := d.Reserve(d.t.Context(), reservation(1, attempt)); return err }
	}
	released := func(attempt int64) func(*db) error {
		return func(d *db) error { return d.Release(d.t.Context(), release(1, attempt)) }
	}
	settled := func(attempt int64) func(*db) error {
		return func(d *db) error { return d.Settle(d.t.Context(), settlement(1, attempt)) }
	}
	closed := func(outcome ledger.Outcome) func(*db) error {
		return func(d *db) error {
			r := release(1, 0)
			r.Outcome = outcome
			return d.Release(d.t.Context(), r)
		}
	}
	tests := []struct {
		reason  string
		before  []func(*db) error
		attempt int64
		key     string
		want    string
		already bool
	}{
		{reason: "a new order begins at attempt 1", attempt: 1},
		{reason: "a new order can't begin at attempt 2", attempt: 2, want: "attempt"},
		{reason: "attempt 0 is none", attempt: 0, want: "attempt"},
		{reason: "the same attempt and key were reserved already", before: []func(*db) error{reserve(1)}, attempt: 1, already: true},
		{reason: "another key for the same attempt would buy again", before: []func(*db) error{reserve(1)}, attempt: 1, key: "other", want: "attempt"},
		{reason: "attempt 2 waits for the release of attempt 1", before: []func(*db) error{reserve(1)}, attempt: 2, want: "attempt"},
		{reason: "attempt 2 follows a released attempt 1", before: []func(*db) error{reserve(1), released(1)}, attempt: 2},
		{reason: "attempt 3 does not follow attempt 1", before: []func(*db) error{reserve(1), released(1)}, attempt: 3, want: "attempt"},
		{reason: "a released attempt is not reserved again", before: []func(*db) error{reserve(1), released(1)}, attempt: 1, want: "attempt"},
		{reason: "an older attempt is over", before: []func(*db) error{reserve(1), released(1), reserve(2)}, attempt: 1, want: "attempt"},
		{reason: "a bought order is closed", before: []func(*db) error{reserve(1), settled(1)}, attempt: 2, want: "closed"},
		{reason: "a bought attempt is closed for its own key too", before: []func(*db) error{reserve(1), settled(1)}, attempt: 1, want: "closed"},
		{reason: "a refused order is closed", before: []func(*db) error{closed(ledger.OutcomeRefused)}, attempt: 1, want: "closed"},
		{reason: "a cancelled order is closed", before: []func(*db) error{closed(ledger.OutcomeCancelled)}, attempt: 1, want: "closed"},
	}
	d := newDB(t)
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d.must(d.exec(`TRUNCATE order_identities CASCADE`))
			for _, step := range tc.before {
				d.must(step(d))
			}
			r := reservation(1, tc.attempt)
			if tc.key != "" {
				r.IdempotencyKey = tc.key
			}
			got, err := d.Reserve(t.Context(), r)
			if kind(err) != tc.want || got.Already != tc.already {
				t.Errorf("got %q, already %v; want %q, already %v", kind(err), got.Already, tc.want, tc.already)
			}
		})
	}
}

func TestReserveKeepsLimits(t *testing.T) {
	other := func(r *ledger.Reservation) { r.CustomerID = "customer-2" }
	tests := []struct {
		reason string
		limits ledger.Limits
		change func(*ledger.Reservation)
		want   string
	}{
		{reason: "no limits", limits: ledger.Limits{}},
		{reason: "exactly the daily limit is allowed", limits: ledger.Limits{DailyCents: ptr[int64](2850)}},
		{reason: "a cent over the daily limit", limits: ledger.Limits{DailyCents: ptr[int64](2849)}, want: "limit:daily"},
		{reason: "exactly the monthly limit is allowed", limits: ledger.Limits{MonthlyCents: ptr[int64](3850)}},
		{reason: "a cent over the monthly limit", limits: ledger.Limits{MonthlyCents: ptr[int64](3849)}, want: "limit:monthly"},
		{reason: "a customer's own spending counts", limits: ledger.Limits{PerCustomerDailyCents: ptr[int64](2849)}, want: "limit:customerDaily"},
		{reason: "another customer's does not", limits: ledger.Limits{PerCustomerDailyCents: ptr[int64](1000)}, change: other},
		{reason: "open reservations and this one use up the balance", limits: ledger.Limits{AvailableCents: ptr[int64](2999)}, want: "limit:balance"},
		{reason: "what was settled has left the balance", limits: ledger.Limits{AvailableCents: ptr[int64](3000)}},
		{reason: "what was settled after the balance was read has not", limits: ledger.Limits{AvailableCents: ptr[int64](3849), AvailableAt: noon.Add(-time.Hour)}, want: "limit:balance"},
		{reason: "a limit of zero stops all", limits: ledger.Limits{DailyCents: ptr[int64](0)}, want: "limit:daily"},
		{reason: "an unknown time zone stops all", limits: ledger.Limits{DailyCents: ptr[int64](99999), Timezone: "Nowhere/Else"}, want: "invalid"},
	}
	d := newDB(t)
	// Yesterday 1000 reserved; today 850 settled and 1000 reserved; one released.
	d.clock.set(noon.AddDate(0, 0, -1))
	d.mustReserve(reservation(1, 1))
	d.clock.set(noon)
	d.mustReserve(reservation(2, 1))
	d.must(d.Settle(t.Context(), settlement(2, 1)))
	d.mustReserve(reservation(3, 1))
	d.mustReserve(reservation(4, 1))
	d.must(d.Release(t.Context(), release(4, 1)))
	for i, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			r := reservation(100+i, 1)
			r.Limits = tc.limits
			if tc.change != nil {
				tc.change(&r)
			}
			_, err := d.Reserve(t.Context(), r)
			if kind(err) != tc.want {
				t.Errorf("got %q, want %q", kind(err), tc.want)
			}
			if err == nil {
				d.must(d.Release(t.Context(), release(100+i, 1)))
			}
		})
	}
}

func TestALimitErrorNamesItsAmountsAndLeavesNothing(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	r := reservation(2, 1)
	r.Limits.DailyCents = ptr[int64](1500)
	_, err := d.Reserve(t.Context(), r)
	var got *ledger.ErrLimit
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want *ErrLimit", err)
	}
	want := &ledger.ErrLimit{Limit: ledger.LimitDaily, LimitCents: 1500, UsedCents: 1000, WantedCents: 1000}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if h, err := d.History(t.Context(), identity(2)); err != nil || h != nil {
		t.Errorf("a refused reservation left %v, %v", h, err)
	}
}

func TestDaysBeginInTheAccountsTimeZone(t *testing.T) {
	d := newDB(t)
	// 03:30 UTC on the 1st of April is still the evening of March in New York.
	d.clock.set(time.Date(2026, 4, 1, 3, 30, 0, 0, time.UTC))
	d.mustReserve(reservation(1, 1))
	d.clock.set(time.Date(2026, 4, 1, 5, 0, 0, 0, time.UTC))
	for _, tc := range []struct {
		timezone string
		want     ledger.Spend
	}{
		{"UTC", ledger.Spend{ReservedCents: 1000, TodayCents: 1000, MonthCents: 1000}},
		{"", ledger.Spend{ReservedCents: 1000, TodayCents: 1000, MonthCents: 1000}},
		{"America/New_York", ledger.Spend{ReservedCents: 1000}},
	} {
		got, err := d.AccountSpend(t.Context(), "shop", "main", tc.timezone)
		d.must(err)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: %s", tc.timezone, diff)
		}
	}
}

// Ten replicas' worth of orders race for money that suffices for ten.
func TestFiftyOrdersAtOnceCantOverspend(t *testing.T) {
	for name, limits := range map[string]ledger.Limits{
		"daily":   {DailyCents: ptr[int64](10_000)},
		"balance": {AvailableCents: ptr[int64](10_000)},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDB(t)
			replicas := []*ledger.Ledger{d.Ledger, d.open(d.url)}
			errs := make([]error, 50)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					r := reservation(i, 1)
					r.Limits = limits
					_, errs[i] = replicas[i%2].Reserve(t.Context(), r)
				})
			}
			wg.Wait()
			count := map[string]int{}
			for _, err := range errs {
				count[kind(err)]++
			}
			if diff := cmp.Diff(map[string]int{"": 10, "limit:" + name: 40}, count); diff != "" {
				t.Error(diff)
			}
			if got := value[int64](d, `SELECT sum(max_price_cents)::bigint FROM zma_cost_tracking`); got != 10_000 {
				t.Errorf("%d cents reserved, want 10000", got)
			}
		})
	}
}

func TestOneAttemptAtOnceFromManyIsReservedOnce(t *testing.T) {
	d := newDB(t)
	results := make([]ledger.ReserveResult, 20)
	errs := make([]error, len(results))
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i], errs[i] = d.Reserve(t.Context(), reservation(1, 1)) })
	}
	wg.Wait()
	d.must(errors.Join(errs...))
	first := 0
	for _, r := range results {
		if !r.Already {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d callers were told to make the paid call, want 1", first)
	}
}

// Limits are read from sums by period; the sums must be those of the rows.
func TestPeriodsAddUpToTheAttempts(t *testing.T) {
	d := newDB(t)
	var wg sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		d.clock.add(7 * time.Minute)
		wg.Go(func() {
			_, err := d.Reserve(t.Context(), reservation(i, 1))
			if i%4 != 0 && err == nil {
				err = d.Settle(t.Context(), settlement(i, 1))
			} else if i%8 == 0 && err == nil {
				err = d.Release(t.Context(), release(i, 1))
			}
			errs[i] = err
		})
	}
	wg.Wait()
	d.must(errors.Join(errs...))
	got := value[string](d, `SELECT concat_ws(' ', sum(reserved_cents), sum(settled_cents)) FROM spend_periods`)
	want := value[string](d, `SELECT concat_ws(' ', sum(max_price_cents) FILTER (WHERE state = 'reserved'), sum(total_cents)) FROM zma_cost_tracking`)
	if got != want || want != "5000 25500" {
		t.Errorf("periods have %q, rows %q, want 5000 25500", got, want)
	}
	d.must(d.exec(`DELETE FROM zma_cost_tracking`))
	if got := value[int64](d, `SELECT sum(reserved_cents + settled_cents)::bigint FROM spend_periods`); got != 0 {
		t.Errorf("%d cents left of no attempts", got)
	}
}
