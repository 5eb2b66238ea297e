package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

const day = 24 * time.Hour

func TestASweepReadsWhatMayStillShowAtTheProvider(t *testing.T) {
	d := newDB(t)
	since := noon
	at := func(when time.Time, f func()) {
		d.clock.set(when)
		f()
	}
	reserve := func(n int) func() { return func() { d.mustReserve(reservation(n, 1)) } }

	at(since.Add(-30*day), reserve(1)) // still reserved: it may have bought at any time
	at(since.Add(-30*day), reserve(2)) // settled since
	at(since.Add(-30*day), reserve(3)) // released since
	at(since.Add(-30*day), reserve(4)) // settled before
	at(since.Add(-30*day), reserve(5)) // released before
	at(since.Add(-29*day), func() {
		s := settlement(4, 1)
		s.RequestID = "req-4"
		d.must(d.Settle(t.Context(), s))
		d.must(d.Release(t.Context(), release(5, 1)))
	})
	at(since, reserve(6)) // reserved since
	at(since.Add(day), func() {
		s := settlement(2, 1)
		s.RequestID = "req-2"
		d.must(d.Settle(t.Context(), s))
		d.must(d.Release(t.Context(), release(3, 1)))
	})
	other := reservation(7, 1)
	other.Identity.Namespace = "elsewhere"
	d.mustReserve(other)

	got, err := d.SweepAttempts(t.Context(), "shop", since, 100)
	d.must(err)
	want := func(n int, state ledger.AttemptState, requestID string, reservedAt, endedAt time.Time) ledger.SweepAttempt {
		return ledger.SweepAttempt{Identity: identity(n), Number: 1, State: state, IdempotencyKey: key(identity(n), 1),
			ProviderAccountID: "acct-1", Account: "main", RequestID: requestID, ReservedAt: reservedAt, EndedAt: endedAt}
	}
	if diff := cmp.Diff([]ledger.SweepAttempt{
		want(1, ledger.AttemptReserved, "", since.Add(-30*day), time.Time{}),
		want(2, ledger.AttemptSettled, "req-2", since.Add(-30*day), since.Add(day)),
		want(3, ledger.AttemptReleased, "", since.Add(-30*day), since.Add(day)),
		want(6, ledger.AttemptReserved, "", since, time.Time{}),
	}, got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

// TestASweepReadsEveryPageOrNothing: a part of the attempts would make orders
// of the rest look like orphans.
func TestASweepReadsEveryPageOrNothing(t *testing.T) {
	d := newDB(t)
	const many = 2500 // of pages of 1000
	d.must(d.exec(`
INSERT INTO order_identities (namespace, source, external_id, name, uid, created_at)
SELECT 'shop', 'store', 'bulk-' || n, '', '', $2 FROM generate_series(1, $1) n`, many, noon))
	d.must(d.exec(`
INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, max_price_cents, reserved_at)
SELECT 'shop', 'store', 'bulk-' || n, 1, 'reserved', 'key-' || n, 'acct-1', 100, $2 FROM generate_series(1, $1) n`, many, noon))

	got, err := d.SweepAttempts(t.Context(), "shop", noon, many)
	d.must(err)
	seen := map[string]bool{}
	for _, a := range got {
		seen[a.IdempotencyKey] = true
	}
	if len(got) != many || len(seen) != many {
		t.Errorf("%d attempts with %d keys, want %d of each", len(got), len(seen), many)
	}

	got, err = d.SweepAttempts(t.Context(), "shop", noon, many-1)
	var tooMany *ledger.ErrTooMany
	if got != nil || !errors.As(err, &tooMany) || tooMany.Limit != many-1 {
		t.Errorf("over the limit: %d attempts, %v; want ErrTooMany", len(got), err)
	}
}

func TestASweepWithoutPostgresIsUnavailable(t *testing.T) {
	d := &db{t: t, clock: &clock{t: noon}}
	l := d.open("postgres://zma:hidden@127.0.0.1:1/zma?sslmode=disable")
	if _, err := l.SweepAttempts(t.Context(), "shop", noon, 1); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("SweepAttempts gave %v", err)
	}
	if _, err := l.OpenAlerts(t.Context(), "shop", "Kind"); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("OpenAlerts gave %v", err)
	}
}

func TestOpenAlertsAreThoseThatNobodyHasResolved(t *testing.T) {
	d := newDB(t)
	raise := func(kind, namespace, key string) {
		t.Helper()
		_, err := d.RaiseAlert(t.Context(), ledger.Alert{Key: key, Severity: ledger.SeverityWarning, Kind: kind,
			Namespace: namespace, Object: "zo-" + key, Summary: "s", Runbook: "r"})
		d.must(err)
	}
	raise("Orphan", "shop", "a")
	raise("Missing", "shop", "b")
	raise("Mail", "shop", "c")        // of another kind
	raise("Orphan", "elsewhere", "d") // of another namespace
	raise("Orphan", "shop", "e")      // resolved below
	if _, err := d.ResolveAlert(t.Context(), "e"); err != nil {
		t.Fatal(err)
	}
	d.clock.add(time.Hour)
	raise("Orphan", "shop", "a")

	got, err := d.OpenAlerts(t.Context(), "shop", "Orphan", "Missing")
	d.must(err)
	if diff := cmp.Diff([]ledger.OpenAlert{
		{Key: "a", Kind: "Orphan", Object: "zo-a", FirstSeenAt: noon, LastSeenAt: noon.Add(time.Hour)},
		{Key: "b", Kind: "Missing", Object: "zo-b", FirstSeenAt: noon, LastSeenAt: noon},
	}, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" {
		t.Errorf("open alerts (-want +got):\n%s", diff)
	}
}
