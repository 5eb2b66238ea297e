// Package pgbouncer runs a private PgBouncer in transaction mode in front of a
// PostgreSQL server, for tests.
package pgbouncer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/scratch"
)

// ErrNoPgBouncer says how to get one.
var ErrNoPgBouncer = errors.New("no PgBouncer found: install it (Debian: apt-get install pgbouncer), or set PGBOUNCER to the program")

// Options of a pooler.
type Options struct {
	// Database is the URL of a database of the server behind the pooler.
	Database string
	// Connections to the server, at most, for each user and database; 4 when zero.
	Connections int
	// IgnoreStartupParameters is the setting of that name; empty refuses them all,
	// which is PgBouncer's own default.
	IgnoreStartupParameters string
}

// Pooler is a running PgBouncer.
type Pooler struct {
	target  *url.URL
	port    int
	scratch *scratch.Dir
	process *process.Process
}

// Start runs a pooler on a free port of the loopback interface and waits until it
// answers. It returns ErrNoPgBouncer on a machine without one.
func Start(ctx context.Context, o Options) (p *Pooler, err error) {
	bin, err := binary()
	if err != nil {
		return nil, err
	}
	p = &Pooler{}
	if p.target, err = url.Parse(o.Database); err != nil {
		return nil, errors.New("pgbouncer: the database's URL can't be read")
	}
	if p.port, err = process.FreePort(); err != nil {
		return nil, err
	}
	if p.scratch, err = scratch.New("pgbouncer"); err != nil {
		return nil, err
	}
	if err := p.run(ctx, bin, o); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

// binary is $PGBOUNCER, else the one in PATH, else where Debian puts it, which is
// not in everybody's PATH.
func binary() (string, error) {
	for _, name := range []string{os.Getenv("PGBOUNCER"), "pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoPgBouncer
}

func (p *Pooler) run(ctx context.Context, bin string, o Options) error {
	c, err := credential()
	if err != nil {
		return err
	}
	config := filepath.Join(p.scratch.Path(), "pgbouncer.ini")
	if err := os.WriteFile(config, []byte(p.config(o)), 0o600); err != nil {
		return err
	}
	if c != nil {
		for _, path := range []string{p.scratch.Path(), config} {
			if err := os.Chown(path, int(c.Uid), int(c.Gid)); err != nil {
				return err
			}
		}
	}
	p.process, err = process.Start(process.Spec{Path: bin, Args: []string{config}, Dir: p.scratch.Path(), Credential: c})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return p.process.Wait(ctx, p.answers)
}

// config lets anybody on the loopback interface in, as the user that the URL
// names.
func (p *Pooler) config(o Options) string {
	host, port := p.target.Hostname(), cmp.Or(p.target.Port(), "5432")
	password, _ := p.target.User.Password()
	login := "user=" + quoted(p.target.User.Username())
	if password != "" {
		login += " password=" + quoted(password)
	}
	return fmt.Sprintf(`[databases]
* = host=%s port=%s %s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = %d
max_client_conn = 500
server_login_retry = 1
ignore_startup_parameters = %s
`, host, port, login, p.port, cmp.Or(o.Connections, 4), o.IgnoreStartupParameters)
}

func quoted(value string) string { return "'" + value + "'" }

func (p *Pooler) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "select 1")
	return errors.Join(err, conn.Close(ctx))
}

// URL of the database through the pooler.
func (p *Pooler) URL() string {
	u := *p.target
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	return u.String()
}

// Stop ends the pooler with all its connections.
func (p *Pooler) Stop() error {
	var err error
	if p.process != nil {
		err = p.process.Stop(syscall.SIGTERM, 10*time.Second)
	}
	return errors.Join(err, p.scratch.Remove())
}
