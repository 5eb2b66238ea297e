package pgbouncer_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/pgbouncer"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

func TestAMachineWithoutOneSaysWhatToInstall(t *testing.T) {
	if _, err := os.Stat("/usr/sbin/pgbouncer"); err == nil {
		t.Skip("this machine has one where it is always found")
	}
	t.Setenv("PATH", "")
	t.Setenv("PGBOUNCER", "")
	if _, err := pgbouncer.Start(t.Context(), pgbouncer.Options{}); !errors.Is(err, pgbouncer.ErrNoPgBouncer) {
		t.Errorf("got %v, want ErrNoPgBouncer", err)
	}
}

// What the ledger's tests rely on: connections of clients share those to the
// server, transaction by transaction.
func TestClientsShareAConnection(t *testing.T) {
	server, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	p, err := pgbouncer.Start(t.Context(), pgbouncer.Options{Database: server.NewDatabase(t), Connections: 1})
	if errors.Is(err, pgbouncer.ErrNoPgBouncer) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	if first, second := backend(t, p.URL()), backend(t, p.URL()); first != second {
		t.Errorf("two clients are served by %d and %d, want one connection", first, second)
	}
}

// backend leaves its connection open, so that a pooler in session mode would keep
// the server's for it.
func backend(t *testing.T, url string) (pid int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if err := conn.QueryRow(t.Context(), "select pg_backend_pid()", pgx.QueryExecModeExec).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
