package ledger_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// trail lists the rows of an action, oldest first.
func (d *db) trail(action, columns string) string {
	d.t.Helper()
	return value[string](d, `SELECT COALESCE(string_agg(concat_ws(' ', `+columns+`), '; ' ORDER BY id), '') FROM audit_log WHERE action = $1`, action)
}

// digestOf is the digest of the only row of an action.
func (d *db) digestOf(action string) string {
	d.t.Helper()
	if n := value[int64](d, `SELECT count(*) FROM audit_log WHERE action = $1`, action); n != 1 {
		d.t.Fatalf("%d rows of %s, want 1", n, action)
	}
	return value[string](d, `SELECT inputs_digest FROM audit_log WHERE action = $1`, action)
}

// fresh empties all that a reservation rests on, the trail included.
func (d *db) fresh() {
	d.t.Helper()
	d.must(d.tamper(`TRUNCATE order_identities, zma_cost_tracking, order_attempts, spend_periods, audit_log CASCADE`))
}

func TestAReservationAndItsRepeatLeaveOneRow(t *testing.T) {
	d := newDB(t)
	r := reservation(1, 1)
	r.Limits = ledger.Limits{DailyCents: ptr[int64](5000), AvailableCents: ptr[int64](9000)}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { _, errs[i] = d.Reserve(t.Context(), r) })
	}
	wg.Wait()
	for _, err := range errs {
		d.must(err)
	}
	got := d.trail("reserve", `actor, namespace, attempt, length(inputs_digest), detail`)
	want := `controller shop 1 64 {"cents": "1000", "daily": "0 of 5000", "limits": "kept: daily, balance", ` +
		`"account": "main", "balance": "0 of 9000", "currency": "USD", "estimateCents": "800"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNothingIsReservedWithoutItsRow has the database refuse the row.
func TestNothingIsReservedWithoutItsRow(t *testing.T) {
	d := newDB(t)
	d.must(d.exec(`ALTER TABLE audit_log ADD CONSTRAINT none CHECK (action <> 'reserve')`))
	if _, err := d.Reserve(t.Context(), reservation(1, 1)); kind(err) != "invalid" {
		t.Fatalf("got %v", err)
	}
	for _, table := range []string{"order_attempts", "zma_cost_tracking", "order_identities"} {
		if n := value[int64](d, `SELECT count(*) FROM `+table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

// TestTheDigestOfAReservationCoversWhatItRestsOn changes one input at a time.
func TestTheDigestOfAReservationCoversWhatItRestsOn(t *testing.T) {
	d := newDB(t)
	full := func() ledger.Reservation {
		r := reservation(1, 1)
		r.Limits = ledger.Limits{
			DailyCents: ptr[int64](50000), MonthlyCents: ptr[int64](60000), PerCustomerDailyCents: ptr[int64](70000),
			AvailableCents: ptr[int64](80000), Timezone: "UTC", AvailableAt: noon,
		}
		return r
	}
	digest := func(change func(*ledger.Reservation), before ...ledger.Reservation) string {
		d.fresh()
		for _, b := range before {
			d.mustReserve(b)
		}
		d.must(d.tamper(`DELETE FROM audit_log`))
		r := full()
		change(&r)
		d.mustReserve(r)
		return d.digestOf("reserve")
	}
	same := func(*ledger.Reservation) {}
	first := digest(same)
	seen := map[string]string{first: "nothing"}
	if again := digest(same); again != first {
		t.Fatalf("the same inputs have the digests %s and %s", first, again)
	}
	for name, change := range map[string]func(*ledger.Reservation){
		"identity":         func(r *ledger.Reservation) { r.Identity.ExternalID = "another" },
		"account":          func(r *ledger.Reservation) { r.Account = "other" },
		"provider account": func(r *ledger.Reservation) { r.ProviderAccountID = "acct-2" },
		"key":              func(r *ledger.Reservation) { r.IdempotencyKey = "key-2" },
		"currency":         func(r *ledger.Reservation) { r.Currency = "EUR" },
		"estimate":         func(r *ledger.Reservation) { r.EstimateCents++ },
		"maximum price":    func(r *ledger.Reservation) { r.MaxPriceCents++ },
		"daily":            func(r *ledger.Reservation) { *r.Limits.DailyCents++ },
		"no daily":         func(r *ledger.Reservation) { r.Limits.DailyCents = nil },
		"monthly":          func(r *ledger.Reservation) { *r.Limits.MonthlyCents++ },
		"customer":         func(r *ledger.Reservation) { *r.Limits.PerCustomerDailyCents++ },
		"balance":          func(r *ledger.Reservation) { *r.Limits.AvailableCents++ },
		"time zone":        func(r *ledger.Reservation) { r.Limits.Timezone = "Europe/Berlin" },
		"balance's time":   func(r *ledger.Reservation) { r.Limits.AvailableAt = noon.Add(-time.Second) },
	} {
		got := digest(change)
		if other, known := seen[got]; known {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[got] = name
	}
	if got := digest(same, reservation(2, 1)); seen[got] != "" {
		t.Errorf("what is in use already has the digest of %s", seen[got])
	}
	digest(same)
	d.must(d.Release(t.Context(), release(1, 1)))
	d.must(d.tamper(`DELETE FROM audit_log`))
	second := full()
	second.Attempt, second.IdempotencyKey = 2, "key-2"
	d.mustReserve(second)
	if got := d.digestOf("reserve"); seen[got] != "" {
		t.Errorf("another attempt has the digest of %s", seen[got])
	}
}

func TestARefusalLeavesOneRowForEachAttemptAndLimit(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	daily, monthly := reservation(2, 1), reservation(2, 1)
	daily.Limits.DailyCents, monthly.Limits.MonthlyCents = ptr[int64](1500), ptr[int64](1600)
	for range 3 {
		for _, r := range []ledger.Reservation{daily, monthly} {
			if _, err := d.Reserve(t.Context(), r); err == nil {
				t.Fatal("it was not refused")
			}
		}
		d.clock.add(time.Minute)
		// The sums have changed: it is the same refusal all the same.
		daily.Limits.DailyCents = ptr(*daily.Limits.DailyCents + 1)
	}
	want := `1 1000 of 1500 daily; 1 1000 of 1600 monthly`
	if got := d.trail("refuse", `attempt, detail->>'daily', detail->>'monthly', detail->>'limit'`); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := value[int64](d, `SELECT count(DISTINCT inputs_digest) FROM audit_log WHERE action = 'refuse' AND length(inputs_digest) = 64`); n != 2 {
		t.Errorf("%d digests of two refusals", n)
	}
	if n := value[int64](d, `SELECT count(*) FROM audit_log WHERE action = 'reserve'`); n != 1 {
		t.Errorf("%d reservations in the trail, want 1", n)
	}
	if h, err := d.History(t.Context(), identity(2)); err != nil || h != nil {
		t.Errorf("a refusal left %v, %v in the books", h, err)
	}
}
