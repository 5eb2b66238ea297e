package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestAuditLogIsAppendOnly(t *testing.T) {
	d := newDB(t)
	d.must(d.Audit(t.Context(),
		ledger.AuditEntry{Actor: "ann", Action: "approve", Namespace: "shop", Object: "zo-1", Attempt: 1, Detail: map[string]string{"verb": "approve"}},
		ledger.AuditEntry{Action: "retry", Namespace: "shop", Object: "zo-2", Detail: map[string]string{"long": strings.Repeat("x", 10_000)}}))
	for _, sql := range []string{
		`UPDATE audit_log SET actor = 'bob'`, `DELETE FROM audit_log`, `TRUNCATE audit_log`,
		`DELETE FROM audit_log WHERE false`,
	} {
		if err := d.exec(sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s gave %v", sql, err)
		}
	}
	got := value[string](d, `SELECT string_agg(concat_ws(' ', actor, action, object), ', ' ORDER BY id) FROM audit_log`)
	if want := "ann approve zo-1, unknown retry zo-2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAuditEntriesAreWrittenAllOrNone(t *testing.T) {
	d := newDB(t)
	bad := ledger.AuditEntry{Actor: "ann", Action: "x", Namespace: strings.Repeat("n", 64)}
	if err := d.Audit(t.Context(), ledger.AuditEntry{Actor: "ann", Action: "x"}, bad); kind(err) != "invalid" {
		t.Fatalf("got %v", err)
	}
	if n := value[int64](d, `SELECT count(*) FROM audit_log`); n != 0 {
		t.Errorf("%d rows of a refused batch", n)
	}
}

func TestAnAlertIsOpenedOnceWhileItLasts(t *testing.T) {
	d := newDB(t)
	a := ledger.Alert{Key: "BalanceLow/shop/main", Severity: ledger.SeverityWarning, Kind: "BalanceLow",
		Namespace: "shop", Object: "main", Summary: "low", Runbook: "docs/runbooks/balance-low.md"}
	opened := make([]bool, 20)
	errs := make([]error, len(opened))
	var wg sync.WaitGroup
	for i := range opened {
		wg.Go(func() { opened[i], errs[i] = d.RaiseAlert(t.Context(), a) })
	}
	wg.Wait()
	d.must(errors.Join(errs...))
	n := 0
	for _, o := range opened {
		if o {
			n++
		}
	}
	if n != 1 {
		t.Errorf("opened %d times, want 1", n)
	}
	if got := value[int64](d, `SELECT occurrences FROM admin_alerts`); got != 20 {
		t.Errorf("counted %d, want 20", got)
	}
	for _, want := range []bool{true, false} {
		if got, err := d.ResolveAlert(t.Context(), a.Key); err != nil || got != want {
			t.Errorf("resolved %v, %v; want %v", got, err, want)
		}
	}
	if again, err := d.RaiseAlert(t.Context(), a); err != nil || !again {
		t.Errorf("after its end it opened %v, %v; want a new one", again, err)
	}
	a.Severity = "loud"
	if _, err := d.RaiseAlert(t.Context(), a); kind(err) != "invalid" {
		t.Errorf("an unknown severity gave %v", err)
	}
}

func TestLogRecoveryKeepsEveryEntry(t *testing.T) {
	d := newDB(t)
	e := ledger.RecoveryEntry{Identity: identity(1), Attempt: 1, Verb: "retry", Reason: "asked", Result: strings.Repeat("r", 600),
		Actor: "ann", StartedAt: noon, Duration: 1500 * time.Microsecond}
	d.must(d.LogRecovery(t.Context(), e))
	d.must(d.LogRecovery(t.Context(), e))
	got := value[string](d, `SELECT concat_ws(' ', count(*), min(length(result)), min(duration_us)) FROM order_recovery_logs`)
	if want := "2 512 1500"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHostileDeliveriesAreStoredCutToSize(t *testing.T) {
	d := newDB(t)
	hostile := ledger.Delivery{At: noon, RequestID: strings.Repeat("é", 500), Method: "GET\x00\xff" + strings.Repeat("A", 99),
		Route: "r", Namespace: strings.Repeat("n", 99), WebhookID: "\x00\xff", Status: -1, BodyBytes: -1, Duration: -1}
	d.must(d.InsertDeliveries(t.Context(), []ledger.Delivery{hostile, {At: noon}}))
	if n := value[int64](d, `SELECT count(*) FROM webhook_deliveries`); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestHintsReachTheListenerOfAnotherProcess(t *testing.T) {
	named := func(order string) callback.Hint { return callback.Hint{Namespace: "shop", Order: order} }
	request := callback.Hint{Namespace: "shop", Account: "main", RequestID: "5f0c3a52-6c1d"}
	d := newDB(t)
	listener := d.open(d.url)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan callback.Hint, 100)
	done := make(chan error, 1)
	go func() { done <- listener.ListenHints(ctx, func(h callback.Hint) { got <- h }) }()
	listening := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`
	eventually(t, "the listener listens", func() bool { return value[int64](d, listening) == 1 })
	d.must(d.InsertDeliveries(t.Context(), []ledger.Delivery{
		{At: noon, Namespace: "shop", OrderName: "silent"},
		{At: noon, Namespace: "shop", OrderName: "zo-1", Hint: named("zo-1")},
		{At: noon, Namespace: "shop", OrderName: "zo-1", Hint: named("zo-1")},
		{At: noon, Namespace: "shop", Hint: callback.Hint{Namespace: "shop"}},
		{At: noon, Namespace: "shop", Hint: request},
		{At: noon, Namespace: "shop", Hint: request},
		{At: noon, Namespace: "shop", OrderName: "zo-2", Hint: named("zo-2")},
	}))
	want := []callback.Hint{named("zo-1"), request, named("zo-2")}
	var hints []callback.Hint
	eventually(t, "the hints came", func() bool {
		for len(got) > 0 {
			hints = append(hints, <-got)
		}
		return len(hints) >= len(want)
	})
	if diff := cmp.Diff(want, hints); diff != "" {
		t.Error(diff)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("the end of the context gave %v", err)
	}
}

func TestALostListenerSaysSo(t *testing.T) {
	d := newDB(t)
	done := make(chan error, 1)
	go func() { done <- d.ListenHints(t.Context(), func(callback.Hint) {}) }()
	kill := `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`
	eventually(t, "the listener's connection ended", func() bool { return value[int64](d, kill) == 1 })
	if err := <-done; !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}
