package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

func TestServerKeepsDataThroughAPause(t *testing.T) {
	t.Setenv("DATABASE_URL", "") // a server that is given is not ours to pause
	t.Setenv("TEST_DATABASE_URL", "")
	ctx := t.Context()
	s, err := postgres.Start(ctx, postgres.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	u, err := s.CreateDatabase(ctx, "kept")
	if err != nil {
		t.Fatal(err)
	}
	run(t, u, "create table kept (n int); insert into kept values (7)")
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	if conn, err := pgx.Connect(ctx, u); err == nil {
		t.Errorf("a paused server answers; closing says %v", conn.Close(ctx))
	}
	if err := s.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	if err := conn.QueryRow(ctx, "select n from kept").Scan(&n); err != nil || n != 7 {
		t.Errorf("n = %d, %v; want 7", n, err)
	}
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
