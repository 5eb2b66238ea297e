package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// noon is far from any day's border in UTC.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests move by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

// db is a migrated database of one test.
type db struct {
	*ledger.Ledger
	t     *testing.T
	url   string
	clock *clock
}

func newDB(t *testing.T) *db {
	t.Helper()
	u := emptyDatabase(t)
	if _, _, err := ledger.Migrate(t.Context(), u); err != nil {
		t.Fatalf("migrating: %v", err)
	}
	d := &db{t: t, url: u, clock: &clock{t: noon}}
	d.Ledger = d.open(u)
	return d
}

func (d *db) open(u string) *ledger.Ledger {
	d.t.Helper()
	l, err := ledger.Open(context.Background(), ledger.Options{URL: u, Now: d.clock.now, MaxConns: 8})
	if err != nil {
		d.t.Fatalf("opening: %v", err)
	}
	d.t.Cleanup(l.Close)
	return l
}

// exec runs SQL beside the ledger.
func (d *db) exec(sql string, args ...any) error {
	d.t.Helper()
	conn := connect(d.t, d.url)
	_, err := conn.Exec(context.Background(), sql, args...)
	return err
}

// value reads one value beside the ledger.
func value[T any](d *db, sql string, args ...any) T {
	d.t.Helper()
	var v T
	if err := connect(d.t, d.url).QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func connect(t *testing.T, u string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), u)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// emptyDatabase makes a database that goes away with the test.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	return server.NewDatabase(t)
}

func identity(n int) v1alpha1.Identity {
	return v1alpha1.Identity{Namespace: "shop", Source: "store", ExternalID: fmt.Sprintf("order-%d", n)}
}

func key(id v1alpha1.Identity, attempt int64) string {
	return fmt.Sprintf("%.24s-%d", id.ExternalID, attempt)
}

// reservation is one that any test may change.
func reservation(n int, attempt int64) ledger.Reservation {
	id := identity(n)
	return ledger.Reservation{
		Identity: id, Name: "zo-test", UID: "uid-1", Attempt: attempt, Account: "main", ProviderAccountID: "acct-1",
		IdempotencyKey: key(id, attempt), CustomerID: "customer-1", Currency: "USD",
		EstimateCents: 800, MaxPriceCents: 1000,
	}
}

func settlement(n int, attempt int64) ledger.Settlement {
	return ledger.Settlement{
		Identity: identity(n), Attempt: attempt, RequestID: "req-1", EstimateCents: 800, Actor: "controller",
		Actual: v1alpha1.ActualCost{SubtotalCents: 700, ShippingCents: 100, TaxCents: 60, AdjustmentCents: -10, TotalCents: 850},
		Record: []byte(`{"requestID": "req-1"}`),
	}
}

func release(n int, attempt int64) ledger.Release {
	return ledger.Release{Identity: identity(n), Attempt: attempt, ErrorCode: "product_unavailable",
		Reason: "Rejected", Actor: "controller"}
}

func (d *db) mustReserve(r ledger.Reservation) ledger.ReserveResult {
	d.t.Helper()
	got, err := d.Reserve(d.t.Context(), r)
	if err != nil {
		d.t.Fatalf("reserving: %v", err)
	}
	return got
}

func (d *db) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// eventually polls until ok or a deadline.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("never happened: %s", what)
		case <-tick.C:
		}
	}
}

func ptr[T any](v T) *T { return &v }

// kind names an error by its type, for tables.
func kind(err error) string {
	var closed *ledger.ErrClosed
	var attempt *ledger.ErrAttempt
	var limit *ledger.ErrLimit
	var mismatch *ledger.ErrMismatch
	switch {
	case err == nil:
		return ""
	case errors.As(err, &closed):
		return "closed"
	case errors.As(err, &attempt):
		return "attempt"
	case errors.As(err, &limit):
		return "limit:" + limit.Limit
	case errors.As(err, &mismatch):
		return "mismatch"
	case errors.Is(err, ledger.ErrInvalid):
		return "invalid"
	case errors.Is(err, ledger.ErrUnavailable):
		return "unavailable"
	default:
		return err.Error()
	}
}
