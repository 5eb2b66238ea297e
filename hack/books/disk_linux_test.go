package books_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// diskBytes hold a new server and some minutes of work.
const diskBytes = 256 << 20

// The server's folder is a file system of its own, which a file then fills. When
// the log can't grow, Postgres goes down: whoever supervises it starts it again.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("a small file system is mounted for this, which takes root")
	}
	if os.Getenv("TEST_DATABASE_URL")+os.Getenv("DATABASE_URL") != "" {
		t.Skip("the server is not ours to fill")
	}
	disk := mount(t)
	w := newWorld(t, disk)
	for _, sql := range []string{`ALTER SYSTEM SET max_wal_size = '48MB'`, `ALTER SYSTEM SET min_wal_size = '32MB'`, `SELECT pg_reload_conf()`} {
		w.exec(sql)
	}
	w.suffer(func() {
		ballast := fill(t, disk)
		began := time.Now()
		for time.Since(began) < time.Minute && w.driver.Unavailable() == 0 {
			fillMore(t, ballast)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(outage(t, 3*time.Second))
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		w.supervise()
	})
	w.hadTrouble()
}

// mount gives a small file system of this test alone.
func mount(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "zma-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // another user's server has to pass
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill writes a file until nothing more fits.
func fill(t *testing.T, disk string) string {
	t.Helper()
	path := filepath.Join(disk, "ballast")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fillMore(t, path)
	return path
}

// fillMore takes what the server has freed since.
func fillMore(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	_, err = io.CopyN(f, zeros{}, diskBytes)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// supervise starts the server again if it has gone down, and does nothing else.
func (w *world) supervise() {
	w.t.Helper()
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if conn, err := pgx.Connect(context.Background(), w.url); err == nil {
			_ = conn.Close(context.Background())
			return
		}
	}
	w.t.Log("Postgres went down and is started again")
	if err := w.server.Pause(); err != nil {
		w.t.Fatal(err)
	}
	if err := w.server.Resume(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}
