package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/scratch"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// token is what the simulator expects; it guards nothing real.
const token = "sim-token"

func (s *state) certificateFile() string { return filepath.Join(s.dir, "smtp-ca.pem") }

// run runs a stack until the context ends, and removes all that it made.
func (s *state) run(ctx context.Context, inherited bool) error {
	lock, err := s.own(inherited)
	if err != nil {
		return err
	}
	// The folder goes before the lock: whoever gets the lock next finds nothing.
	return errors.Join(s.serve(ctx), os.RemoveAll(s.dir), lock.Close())
}

// own takes the lock, or takes it over from up, and says who holds it.
func (s *state) own(inherited bool) (*os.File, error) {
	lock, err := s.take(inherited)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.pidFile(), fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// take returns the lock, with nothing of a killed supervisor left.
func (s *state) take(inherited bool) (*os.File, error) {
	if inherited {
		// Else the servers would inherit it too, and hold the lock of a supervisor
		// that is gone.
		syscall.CloseOnExec(lockFD)
		return os.NewFile(lockFD, s.lockFile()), nil
	}
	lock, err := s.lock()
	if err != nil {
		return nil, err
	}
	if err := s.sweep(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func (s *state) serve(ctx context.Context) (err error) {
	files, err := scratch.New("stack")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Remove()) }()
	// Open as far as PostgreSQL's own folder, which need not belong to this user.
	if err := os.Chmod(files.Path(), 0o711); err != nil {
		return err
	}
	// Noted before anything is in it, so that down finds it if this process is killed.
	if err := os.WriteFile(s.scratchFile(), []byte(files.Path()), 0o600); err != nil {
		return err
	}
	running, err := stack.Start(ctx, stack.Options{
		Progress: os.Stderr, ControllerManager: true, Dir: files.Path(),
		SMTP: smtpsink.Options{TLS: true, HTTPAddr: "127.0.0.1:0"},
		ZMA:  zmasim.Options{Token: token, Control: true, Processing: 2 * time.Second, Delivery: 20 * time.Second},
	})
	if ctx.Err() != nil {
		err = nil // told to end, which is no failure of the start
	}
	if err == nil && ctx.Err() == nil {
		if err = s.write(running); err == nil {
			<-ctx.Done()
		}
	}
	return errors.Join(err, running.Stop())
}

// write tells others how to reach the stack. The file appears whole.
func (s *state) write(running *stack.Stack) error {
	if err := os.WriteFile(s.certificateFile(), running.SMTP.CertPEM(), 0o600); err != nil {
		return err
	}
	lines := []string{
		"export KUBECONFIG='" + running.Kube.KubeconfigPath() + "'",
		"export DATABASE_URL='" + running.Postgres.URL() + "'",
		"export SMTP_ADDR=" + running.SMTP.Addr(),
		"export SMTP_CA='" + s.certificateFile() + "'",
		"export SMTP_MESSAGES_URL=" + running.SMTP.ListURL(),
		"export ZMA_URL=" + running.ZMA.URL(),
		"export ZMA_TOKEN=" + token,
		"export KUBECTL='" + running.Kube.Kubectl() + "'",
		"",
	}
	partial := s.envFile() + ".partial"
	if err := os.WriteFile(partial, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		return err
	}
	return os.Rename(partial, s.envFile())
}
