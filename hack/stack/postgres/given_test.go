package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

func TestAGivenServerIsUsedAndNeverPaused(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://app@db.example/app")
	t.Setenv("TEST_DATABASE_URL", "postgres://test@db.example/test")
	s, err := postgres.Start(t.Context(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.URL(), "postgres://test@db.example/test"; got != want {
		t.Errorf("URL() = %q, want %q: the one for tests goes first", got, want)
	}
	if err := s.Pause(); !errors.Is(err, postgres.ErrNotOurs) {
		t.Errorf("Pause() = %v, want ErrNotOurs: an outage that does not happen proves nothing", err)
	}
	if err := s.Resume(t.Context()); !errors.Is(err, postgres.ErrNotOurs) {
		t.Errorf("Resume() = %v, want ErrNotOurs", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("Stop() = %v, want nil: the server is left alone", err)
	}
}

func TestRootHandsTheServerToAnotherUserInADeepFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the server runs as this user")
	}
	t.Setenv("DATABASE_URL", "")
	t.Setenv("TEST_DATABASE_URL", "")
	// A path that leaves no room for a Unix socket must not keep the server down.
	deep, err := os.MkdirTemp("", strings.Repeat("deep", 20))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(deep) })
	if err := os.Chmod(deep, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", deep)
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
	conn, err := pgx.Connect(ctx, s.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var pid int
	if err := conn.QueryRow(ctx, "select pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
		t.Error("the server runs as root")
	}
}
