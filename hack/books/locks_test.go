package books_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Somebody at a console takes the ledger's rows in the opposite order, over and
// over.
func TestDeadlocksLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	// Found sooner, there are more of them.
	w.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''20ms''', current_database()); END $$`)
	conns := []*pgx.Conn{w.connect(), w.connect(), w.connect()}
	before := w.deadlocks()
	w.suffer(func() {
		for began := time.Now(); time.Since(began) < outage(t, 4*time.Second); {
			hostile(t, conns[0], `SELECT FROM order_identities ORDER BY created_at DESC LIMIT 8 FOR UPDATE`, `SELECT FROM spend_accounts FOR UPDATE`)
			hostile(t, conns[1], `SELECT FROM spend_periods FOR UPDATE`, `SELECT FROM order_identities ORDER BY created_at DESC LIMIT 8 FOR UPDATE`)
			hostile(t, conns[2], `SELECT FROM zma_cost_tracking WHERE state = 'reserved' FOR UPDATE`, `SELECT FROM order_attempts WHERE state = 'reserved' FOR UPDATE`,
				`SELECT FROM order_identities ORDER BY created_at DESC LIMIT 8 FOR UPDATE`, `SELECT FROM spend_accounts FOR UPDATE`)
		}
	})
	// Statistics arrive late; a session that ends hands them in.
	for deadline := time.Now().Add(20 * time.Second); w.deadlocks() == before; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("there was no deadlock")
		}
	}
	t.Logf("%d deadlocks", w.deadlocks()-before)
}

// hostile takes locks one after the other; being the one that Postgres ends is all
// the same to it.
func hostile(t *testing.T, conn *pgx.Conn, locks ...string) {
	t.Helper()
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, lock := range locks {
		_, err := tx.Exec(ctx, lock)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "40P01" {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		time.Sleep(5 * time.Millisecond) // for others to take what comes next
	}
}

func (w *world) deadlocks() (n int64) {
	w.t.Helper()
	conn := w.connect()
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(context.Background(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// A session that holds the accounts' rows for longer than a lock is waited for.
func TestAHeldAccountLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	conn := w.connect()
	w.suffer(func() {
		tx, err := conn.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(context.Background(), `SELECT FROM spend_accounts FOR UPDATE`); err != nil {
			t.Fatal(err)
		}
		time.Sleep(outage(t, 4*time.Second))
		if err := tx.Rollback(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	w.hadTrouble()
}
