// Package postgres runs a private PostgreSQL server for tests and the demo.
package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/scratch"
)

// Options of a server.
type Options struct {
	// Progress takes lines for people; may be nil.
	Progress io.Writer
	// Dir for data and logs; a temporary one, removed by Stop, when empty.
	Dir string
}

// Server is a running PostgreSQL, or one that the environment names.
type Server struct {
	bin        string
	dir        string
	scratch    *scratch.Dir // nil when the caller gave a folder
	port       int
	credential *syscall.Credential
	process    *process.Process
	given      string
}

// ErrNotOurs means that the server was given by its URL, and can be neither paused
// nor resumed.
var ErrNotOurs = errors.New("the PostgreSQL server was not started here")

// Start runs a server on a free port of the loopback interface and waits until
// it answers. With TEST_DATABASE_URL or DATABASE_URL set, that server is used
// instead, the first before the second.
func Start(ctx context.Context, o Options) (s *Server, err error) {
	if given := cmp.Or(os.Getenv("TEST_DATABASE_URL"), os.Getenv("DATABASE_URL")); given != "" {
		return &Server{given: given}, nil
	}
	bin, err := binaries(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	s = &Server{bin: bin, dir: o.Dir}
	if s.port, err = process.FreePort(); err != nil {
		return nil, err
	}
	if s.dir == "" {
		if s.scratch, err = scratch.New("postgres"); err != nil {
			return nil, err
		}
		s.dir = s.scratch.Path()
	}
	if err := s.initialise(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.Resume(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// initialise makes the data folder. The server refuses to run as root, so root
// hands it to another user.
func (s *Server) initialise(ctx context.Context) error {
	if os.Geteuid() == 0 {
		c, err := unprivileged()
		if err != nil {
			return err
		}
		s.credential = c
		if err := os.Chown(s.dir, int(c.Uid), int(c.Gid)); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// unprivileged is the user postgres, else nobody.
func unprivileged() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		u = &user.User{Uid: "65534", Gid: "65534"}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// socketDir takes the Unix socket beside the port; none when its path would be
// longer than systems allow, which would keep the server from starting.
func (s *Server) socketDir() string {
	const longest = 100 // 107 on Linux, 103 elsewhere
	if len(filepath.Join(s.dir, ".s.PGSQL.32000")) > longest {
		return ""
	}
	return s.dir
}

// Resume starts the server on its data, and the port that it had.
func (s *Server) Resume(ctx context.Context) error {
	if s.given != "" {
		return ErrNotOurs
	}
	p, err := process.Start(process.Spec{
		Path: filepath.Join(s.bin, "postgres"), Dir: s.dir, Credential: s.credential,
		Args: []string{
			"-D", s.data(), "-k", s.socketDir(), "-p", strconv.Itoa(s.port), "-h", "127.0.0.1",
			"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200",
		},
	})
	if err != nil {
		return err
	}
	s.process = p
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return p.Wait(ctx, func(ctx context.Context) error { return s.exec(ctx, "select 1") })
}

// Pause ends all connections, stops the server and keeps its data.
func (s *Server) Pause() error {
	if s.given != "" {
		return ErrNotOurs // an outage that does not happen would pass for one survived
	}
	if s.process == nil {
		return nil
	}
	err := s.process.Stop(syscall.SIGINT, 20*time.Second)
	s.process = nil
	return err
}

// Stop ends the server; a temporary folder is removed.
func (s *Server) Stop() error {
	if s.given != "" {
		return nil
	}
	err := s.Pause()
	if s.scratch != nil {
		err = errors.Join(err, s.scratch.Remove())
	}
	return err
}

// URL connects as the superuser to the database postgres.
func (s *Server) URL() string {
	if s.given != "" {
		return s.given
	}
	return s.url("postgres")
}

// Addr is host:port; empty for a server that the environment names.
func (s *Server) Addr() string {
	if s.given != "" {
		return ""
	}
	return "127.0.0.1:" + strconv.Itoa(s.port)
}

func (s *Server) url(database string) string {
	if s.given != "" {
		u, err := url.Parse(s.given)
		if err == nil {
			u.Path = "/" + database
			return u.String()
		}
	}
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// CreateDatabase makes a database and returns its URL.
func (s *Server) CreateDatabase(ctx context.Context, name string) (string, error) {
	return s.url(name), s.exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
}

// NewDatabase makes a database for one test, which ends with it.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	u, err := s.CreateDatabase(t.Context(), name)
	if err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
			t.Logf("drop database: %v", err)
		}
	})
	return u
}

func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
