package books_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/books"
	"github.com/zma-operator/zma-operator/hack/stack/pgbouncer"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// allBounds are what an installation may tell PgBouncer to ignore.
const allBounds = "statement_timeout,lock_timeout,idle_in_transaction_session_timeout"

// pooled puts a PgBouncer in transaction mode between the ledger and its database.
func (w *world) pooled(ignore string) *pgbouncer.Pooler {
	w.t.Helper()
	p, err := pgbouncer.Start(w.t.Context(), pgbouncer.Options{Database: w.url, Connections: 3, IgnoreStartupParameters: ignore})
	if errors.Is(err, pgbouncer.ErrNoPgBouncer) {
		w.t.Skip(err)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			w.t.Error(err)
		}
	})
	w.driver.Ledger = w.open(p.URL())
	return p
}

// Its own default refuses what it does not know; told to ignore it, it drops it.
func poolers() map[string]string { return map[string]string{"refused": "", "ignored": allBounds} }

// Ten connections of the ledger share three to the server.
func TestOrdersGoThroughAPooler(t *testing.T) {
	t.Parallel()
	for settings, ignore := range poolers() {
		t.Run("settings are "+settings, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			w.pooled(ignore)
			w.suffer(func() {})
			if n := w.driver.Unavailable(); n > 0 {
				t.Errorf("%d operations were unavailable", n)
			}
		})
	}
}

// Every operation that the ledger has goes through at the same time as the others,
// those to come included. Most are given nothing, which the database may refuse;
// what must not happen is that the pooler is in the way.
func TestEveryOperationGoesThroughAPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.pooled("")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	called := 0
	var all sync.WaitGroup
	for range 4 {
		for i, name := range operations() {
			called++
			all.Go(func() { passes(ctx, t, name, reflect.ValueOf(w.driver.Ledger).Method(i)) })
		}
	}
	all.Wait()
	if called < 4*20 {
		t.Errorf("only %d calls were made", called)
	}
}

// The first connection of a process is refused by a pooler that knows none of its
// settings, whichever operation makes it.
func TestEveryOperationMayBeTheFirstThroughAPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	p := w.pooled("")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i, name := range operations() {
		l, err := ledger.Open(ctx, ledger.Options{URL: p.URL(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		passes(ctx, t, name, reflect.ValueOf(l).Method(i))
		l.Close()
	}
}

// operations of the ledger that use its pool, by the number of their method.
func operations() map[int]string {
	out, v := map[int]string{}, reflect.TypeFor[*ledger.Ledger]()
	for i := range v.NumMethod() {
		if name := v.Method(i).Name; name != "Close" && !strings.HasPrefix(name, "Listen") {
			out[i] = name
		}
	}
	return out
}

// passes demands that the pooler is not in the way of an operation.
func passes(ctx context.Context, t *testing.T, name string, m reflect.Value) {
	t.Helper()
	err := callWithNothing(ctx, m)
	var sql *ledger.SQLError
	if errors.Is(err, ledger.ErrUnavailable) || (errors.As(err, &sql) && (strings.HasPrefix(sql.State, "26") || sql.State == "42P05" || sql.State == "08P01")) {
		t.Errorf("%s: %v", name, err)
	}
}

// callWithNothing calls an operation with values that are there, and empty.
func callWithNothing(ctx context.Context, m reflect.Value) (err error) {
	defer func() { _ = recover() }() // an argument that can't be made up says nothing of the pooler
	var args []reflect.Value
	for i := range m.Type().NumIn() {
		in := m.Type().In(i)
		switch {
		case i == 0 && in.Kind() == reflect.Interface:
			args = append(args, reflect.ValueOf(ctx))
		case in.Kind() == reflect.Pointer:
			args = append(args, reflect.New(in.Elem()))
		case in.Kind() == reflect.Slice && m.Type().IsVariadic():
			args = append(args, reflect.New(in.Elem()).Elem())
		case in.Kind() == reflect.Slice:
			args = append(args, reflect.MakeSlice(in, 1, 1))
		default:
			args = append(args, reflect.Zero(in))
		}
	}
	for _, out := range m.Call(args) {
		if e, ok := out.Interface().(error); ok {
			err = e
		}
	}
	return err
}

// A lock is waited for no longer than without a pooler, whatever the pooler does
// with the session's settings.
func TestBoundsHoldBehindAPooler(t *testing.T) {
	t.Parallel()
	for settings, ignore := range poolers() {
		t.Run("settings are "+settings, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			p := w.pooled(ignore)
			l := w.open(p.URL() + "&lock_timeout=50")
			r := ledger.Reservation{Identity: books.Identity(1), Attempt: 1, Account: "account", ProviderAccountID: "p", IdempotencyKey: "k", Currency: "USD"}
			if _, err := l.Reserve(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			tx, err := w.connect().Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), `SELECT FROM spend_accounts FOR UPDATE`); err != nil {
				t.Fatal(err)
			}
			_, err = l.Reserve(t.Context(), r)
			var sql *ledger.SQLError
			if !errors.Is(err, ledger.ErrUnavailable) || !errors.As(err, &sql) || sql.State != "55P03" {
				t.Errorf("got %v, want the lock's own timeout", err)
			}
			if err := tx.Rollback(context.Background()); err != nil {
				t.Fatal(err)
			}
			w.keepsNoSettings(p.URL())
		})
	}
}

// keepsNoSettings: what the ledger sets must not be handed to the pooler's other
// clients.
func (w *world) keepsNoSettings(u string) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), u)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var got string
	if err := conn.QueryRow(w.t.Context(), `SELECT current_setting('lock_timeout')`, pgx.QueryExecModeExec).Scan(&got); err != nil || got != "0" {
		w.t.Errorf("another client has lock_timeout %q, %v", got, err)
	}
}

// A statement outside of a transaction ends at the server when its caller gives
// up, where a pooler has dropped its bounds.
func TestWhatIsGivenUpEndsAtTheServerBehindAPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.pooled(allBounds)
	if err := w.driver.Ledger.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	tx, err := w.connect().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), `LOCK TABLE admin_alerts`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := w.driver.Ledger.ResolveAlert(ctx, "key"); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	var waiting int
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil || waiting > 0 {
		t.Errorf("%d statements still wait, %v", waiting, err)
	}
}

// Migrations need a session, and hints a listener that stays: both say so.
func TestAPoolerIsNamedWhereOnlyPostgresWillDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	p := w.pooled("")
	if _, _, err := ledger.Migrate(t.Context(), p.URL()); !errors.Is(err, ledger.ErrPooler) {
		t.Errorf("Migrate gave %v, want ErrPooler", err)
	}
	if err := w.driver.Ledger.ListenHints(t.Context(), func(callback.Hint) {}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("ListenHints gave %v, want ErrUnavailable", err)
	}
}
