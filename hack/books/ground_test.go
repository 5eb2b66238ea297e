package books_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/books"
	"github.com/zma-operator/zma-operator/hack/chaos/cut"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

const workers = 8

// outage is how long one lasts: $BOOKS_OUTAGE, else what is enough to see it.
func outage(t *testing.T, short time.Duration) time.Duration {
	t.Helper()
	given := os.Getenv("BOOKS_OUTAGE")
	if given == "" {
		return short
	}
	d, err := time.ParseDuration(given)
	if err != nil {
		t.Fatalf("BOOKS_OUTAGE: %v", err)
	}
	return d
}

// world is a database of one test and those who use it.
type world struct {
	t      *testing.T
	server *postgres.Server
	url    string
	driver *books.Driver
}

// newWorld has a server of its own, for tests that stop it; dir may be empty.
func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	server, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, server: server, url: server.NewDatabase(t)}
	// The local stack gives up the latest commits in a crash; the ledger's database
	// must not, and a database's own setting comes first.
	w.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$`)
	if _, _, err := ledger.Migrate(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	w.driver = &books.Driver{Ledger: w.open(w.url), Provider: books.NewProvider()}
	return w
}

func (w *world) open(u string) *ledger.Ledger {
	w.t.Helper()
	l, err := ledger.Open(context.Background(), ledger.Options{URL: u, Now: time.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(l.Close)
	return l
}

// through puts a proxy between the ledger and its database.
func (w *world) through() *cut.Proxy {
	w.t.Helper()
	u, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "5432")
	}
	proxy, err := cut.New(u.Host)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = proxy.Close() })
	u.Host = proxy.Addr()
	w.driver.Ledger = w.open(u.String())
	return proxy
}

func (w *world) exec(sql string) {
	w.t.Helper()
	conn := w.connect()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		w.t.Fatal(err)
	}
	_ = conn.Close(context.Background())
}

func (w *world) connect() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(context.Background(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// suffer runs the load, lets trouble happen to it, demands that orders end again
// without help, and checks the books.
func (w *world) suffer(trouble func()) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- w.driver.Run(ctx, workers, stop) }()
	w.progress(ctx, 20)
	trouble()
	w.progress(ctx, 20)
	close(stop)
	if err := <-done; err != nil {
		w.t.Error(err)
	}
	if err := books.Check(w.t.Context(), w.connect(), w.driver.Provider); err != nil {
		w.t.Error(err)
	}
	if got, err := w.open(w.url).Books(w.t.Context(), ""); err != nil || len(got.Balances) == 0 || len(got.Differences) > 0 {
		w.t.Errorf("the journal: %d balances, %v, differences %+v", len(got.Balances), err, got.Differences)
	}
	w.t.Logf("%d orders ended, %d operations were unavailable", w.driver.Finished(), w.driver.Unavailable())
}

// progress waits until more orders have ended.
func (w *world) progress(ctx context.Context, more int64) {
	w.t.Helper()
	for want := w.driver.Finished() + more; w.driver.Finished() < want; time.Sleep(20 * time.Millisecond) {
		if ctx.Err() != nil {
			w.t.Error("no more orders end")
			return
		}
	}
}

// hadTrouble demands that the load has felt what was done to it: an outage that
// did not happen proves nothing.
func (w *world) hadTrouble() {
	w.t.Helper()
	if w.driver.Unavailable() == 0 {
		w.t.Error("nothing was ever unavailable")
	}
}

func skipNotOurs(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, postgres.ErrNotOurs) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
