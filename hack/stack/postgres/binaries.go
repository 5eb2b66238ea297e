package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// ErrNoPostgres says how to get a server.
var ErrNoPostgres = errors.New("no PostgreSQL found: install it (Debian: apt-get install postgresql), or set PGBIN to the folder of its programs, or DATABASE_URL to a server")

// binaries finds initdb and postgres: in $PGBIN, where pg_config says, in the
// newest of the usual folders, in PATH, else by a download.
func binaries(ctx context.Context, progress io.Writer) (string, error) {
	for _, dir := range candidates(ctx) {
		if usable(dir) {
			return dir, nil
		}
	}
	return download(ctx, progress)
}

func candidates(ctx context.Context) []string {
	dirs := []string{os.Getenv("PGBIN")}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue // the patterns are constants; this can't be
		}
		slices.Sort(found)
		slices.Reverse(found)
		dirs = append(dirs, found...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	return dirs
}

func usable(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); dir == "" || err != nil || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// download gets binaries through a module of its own, so that the library that
// does it is no dependency of the product.
func download(ctx context.Context, progress io.Writer) (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", ErrNoPostgres
	}
	if progress != nil {
		_, _ = fmt.Fprintln(progress, "==> no PostgreSQL found; downloading one") // for people; losing it loses nothing
	}
	cmd := exec.CommandContext(ctx, "go", "run", ".")
	cmd.Dir = filepath.Join(filepath.Dir(file), "..", "..", "pgfetch")
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	out, err := cmd.Output()
	if dir := strings.TrimSpace(string(out)); err == nil && usable(dir) {
		return dir, nil
	}
	return "", fmt.Errorf("%w (the download failed: %w)", ErrNoPostgres, err)
}
