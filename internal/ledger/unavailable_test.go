package ledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// operations are all that ask the database.
func operations(ctx context.Context, l *ledger.Ledger) map[string]func() error {
	id := identity(1)
	return map[string]func() error{
		"Ping":             func() error { return l.Ping(ctx) },
		"CheckSchema":      func() error { return l.CheckSchema(ctx) },
		"Reserve":          func() error { _, err := l.Reserve(ctx, reservation(1, 1)); return err },
		"Settle":           func() error { return l.Settle(ctx, settlement(1, 1)) },
		"Release":          func() error { return l.Release(ctx, release(1, 1)) },
		"History":          func() error { _, err := l.History(ctx, id); return err },
		"Enqueue":          func() error { _, err := l.Enqueue(ctx, mail(1, "k", "t")); return err },
		"ClaimMails":       func() error { _, err := l.ClaimMails(ctx, 1, 1); return err },
		"MailSent":         func() error { return l.MailSent(ctx, 1) },
		"MailFailed":       func() error { return l.MailFailed(ctx, 1, "c", noon, false) },
		"MailPostponed":    func() error { return l.MailPostponed(ctx, 1, noon) },
		"MailStates":       func() error { _, err := l.MailStates(ctx, id); return err },
		"OutboxPending":    func() error { _, err := l.OutboxPending(ctx); return err },
		"Mirror":           func() error { return l.Mirror(ctx, []ledger.Snapshot{{Order: order(1, "a", noon, 1)}}) },
		"LogRecovery":      func() error { return l.LogRecovery(ctx, ledger.RecoveryEntry{Identity: id}) },
		"RaiseAlert":       func() error { _, err := l.RaiseAlert(ctx, ledger.Alert{}); return err },
		"ResolveAlert":     func() error { _, err := l.ResolveAlert(ctx, "k"); return err },
		"Audit":            func() error { return l.Audit(ctx, ledger.AuditEntry{}) },
		"AuditSecurity":    func() error { _, err := l.AuditSecurityEvents(ctx); return err },
		"InsertDeliveries": func() error { return l.InsertDeliveries(ctx, []ledger.Delivery{{}}) },
		"ListenHints":      func() error { return l.ListenHints(ctx, func(callback.Hint) {}) },
		"AccountSpend":     func() error { _, err := l.AccountSpend(ctx, "shop", "main", ""); return err },
		"CostSummary":      func() error { _, err := l.CostSummary(ctx, "shop"); return err },
	}
}

func TestAServerThatIsDownIsUnavailableInEveryOperation(t *testing.T) {
	d := &db{t: t, clock: &clock{t: noon}}
	l := d.open("postgres://zma:hidden@127.0.0.1:1/zma?sslmode=disable")
	for name, op := range operations(t.Context(), l) {
		err := op()
		if !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("%s gave %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s shows the password: %v", name, err)
		}
	}
}

func TestAServerThatGoesAwayIsUnavailableAndComesBack(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	name := d.url[strings.LastIndex(d.url, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	admin := connect(t, strings.Replace(d.url, "/"+name, "/postgres", 1))
	run := func(sql string) {
		t.Helper()
		_, err := admin.Exec(t.Context(), sql)
		d.must(err)
	}
	run(`ALTER DATABASE ` + pgx.Identifier{name}.Sanitize() + ` ALLOW_CONNECTIONS false`)
	run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`)
	if _, err := d.Reserve(t.Context(), reservation(2, 1)); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	run(`ALTER DATABASE ` + pgx.Identifier{name}.Sanitize() + ` ALLOW_CONNECTIONS true`)
	eventually(t, "the ledger answers again", func() bool {
		_, err := d.Reserve(t.Context(), reservation(2, 1))
		return err == nil
	})
}

// A worker that died with the account's lock must not stop spending for ever.
func TestAHeldLockEndsAsUnavailable(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	holder, err := connect(t, d.url).Begin(t.Context())
	d.must(err)
	_, err = holder.Exec(t.Context(), `SELECT FROM spend_accounts FOR UPDATE`)
	d.must(err)
	l := d.open(d.url + "&lock_timeout=50")
	if _, err := l.Reserve(t.Context(), reservation(2, 1)); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	d.must(holder.Rollback(t.Context()))
	if _, err := l.Reserve(t.Context(), reservation(2, 1)); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// Somebody at a console may take locks in another order than the ledger does.
func TestADeadlockIsRepeatedUnseen(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Release(t.Context(), release(1, 1)))
	console, err := connect(t, d.url).Begin(t.Context())
	d.must(err)
	_, err = console.Exec(t.Context(), `SELECT FROM order_identities FOR UPDATE`)
	d.must(err)
	done := make(chan error, 1)
	go func() {
		_, err := d.Reserve(t.Context(), reservation(1, 2))
		done <- err
	}()
	waiting := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	eventually(t, "the reservation waits", func() bool { return value[int64](d, waiting) == 1 })
	// Either side may be the one that Postgres ends.
	_, _ = console.Exec(t.Context(), `SELECT FROM spend_accounts FOR UPDATE`)
	d.must(console.Rollback(t.Context()))
	if err := <-done; err != nil {
		t.Errorf("got %v, want a reservation", err)
	}
}

func TestACancelledContextIsNotCalledUnavailable(t *testing.T) {
	d := newDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.History(ctx, identity(1))
	if !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want context.Canceled alone", err)
	}
}

func TestOpenRefusesWhatCantBeUsedWithoutQuotingIt(t *testing.T) {
	for _, o := range []ledger.Options{
		{URL: "postgres://u:hidden@host:port/db", Now: noon.UTC},
		{URL: "postgres://localhost/db"},
	} {
		if _, err := ledger.Open(t.Context(), o); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v", err)
		}
	}
	if _, _, err := ledger.Migrate(t.Context(), "postgres://u:hidden@host:port/db"); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("Migrate gave %v", err)
	}
}

func TestErrorsCarryNoValues(t *testing.T) {
	d := newDB(t)
	m := mail(1, "k", "t")
	m.Recipient = strings.Repeat("secret@example.com", 50)
	_, err := d.Enqueue(t.Context(), m)
	if kind(err) != "invalid" || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestOperationsAreMeasuredByOutcome(t *testing.T) {
	reg := prometheus.NewRegistry()
	metrics, err := telemetry.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	d := newDB(t)
	l, err := ledger.Open(t.Context(), ledger.Options{URL: d.url, Now: d.clock.now, Metrics: metrics})
	d.must(err)
	t.Cleanup(l.Close)
	for range 2 {
		_, err = l.Reserve(t.Context(), reservation(1, 1))
		d.must(err)
	}
	if _, err = l.Reserve(t.Context(), reservation(1, 2)); err == nil {
		t.Fatal("admitted")
	}
	if n := testutil.CollectAndCount(metrics.LedgerDuration); n != 2 {
		t.Errorf("%d series, want reserve/ok and reserve/refused", n)
	}
}
