package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// token is what the simulator expects; it guards nothing real.
const token = "sim-token"

func (s *state) pidFile() string { return filepath.Join(s.dir, "pid") }
func (s *state) envFile() string { return filepath.Join(s.dir, "env") }
func (s *state) logFile() string { return filepath.Join(s.dir, "log") }

// pid of the running stack; 0 when none runs.
func (s *state) pid() int {
	raw, err := os.ReadFile(s.pidFile())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

// up starts a supervisor in the background and waits until it is ready. A second
// one says that the first runs, and how to reach it.
func (s *state) up(ctx context.Context) error {
	if pid := s.pid(); pid != 0 {
		fmt.Fprintf(os.Stderr, "stack %q runs already (process %d)\n", s.name, pid)
		return s.print()
	}
	if err := os.RemoveAll(s.dir); err != nil { // left by one that was killed
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-name", s.name, "run")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return s.await(ctx, cmd)
}

// await passes the supervisor's progress on until it is ready or has ended.
func (s *state) await(ctx context.Context, cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var shown int64
	for {
		shown = s.show(shown)
		if _, err := os.Stat(s.envFile()); err == nil {
			return s.print()
		}
		select {
		case err := <-ended:
			s.show(shown)
			return fmt.Errorf("the stack did not start: %w", err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), cmd.Process.Signal(syscall.SIGTERM))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// show prints what was added to the log.
func (s *state) show(from int64) int64 {
	raw, err := os.ReadFile(s.logFile())
	if err != nil || int64(len(raw)) <= from {
		return from
	}
	fmt.Fprint(os.Stderr, string(raw[from:]))
	return int64(len(raw))
}

// run runs a stack until the context ends.
func (s *state) run(ctx context.Context) error {
	if pid := s.pid(); pid != 0 && pid != os.Getpid() {
		return fmt.Errorf("stack %q runs already (process %d)", s.name, pid)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(s.pidFile(), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	running, err := stack.Start(ctx, stack.Options{
		Progress: os.Stderr, ControllerManager: true,
		SMTP: smtpsink.Options{TLS: true},
		ZMA:  zmasim.Options{Token: token, Control: true, Processing: 2 * time.Second, Delivery: 20 * time.Second},
	})
	if err == nil {
		if err = s.write(running); err == nil {
			<-ctx.Done()
		}
	}
	return errors.Join(err, running.Stop(), os.RemoveAll(s.dir))
}

// write tells others how to reach the stack. The file appears whole.
func (s *state) write(running *stack.Stack) error {
	certificate := filepath.Join(s.dir, "smtp-ca.pem")
	if err := os.WriteFile(certificate, running.SMTP.CertPEM(), 0o600); err != nil {
		return err
	}
	lines := []string{
		"export KUBECONFIG=" + running.Kube.KubeconfigPath(),
		"export DATABASE_URL='" + running.Postgres.URL() + "'",
		"export SMTP_ADDR=" + running.SMTP.Addr(),
		"export SMTP_CA=" + certificate,
		"export ZMA_URL=" + running.ZMA.URL(),
		"export ZMA_TOKEN=" + token,
		"export KUBECTL=" + running.Kube.Kubectl(),
		"",
	}
	partial := s.envFile() + ".partial"
	if err := os.WriteFile(partial, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		return err
	}
	return os.Rename(partial, s.envFile())
}

func (s *state) print() error {
	raw, err := os.ReadFile(s.envFile())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stack %q is not ready", s.name)
	}
	fmt.Print(string(raw))
	return err
}

func (s *state) status() error {
	pid := s.pid()
	if pid == 0 {
		return fmt.Errorf("stack %q does not run", s.name)
	}
	fmt.Printf("stack %q runs (process %d)\n", s.name, pid)
	return nil
}

// down stops the supervisor, which removes what the stack left.
func (s *state) down(ctx context.Context) error {
	pid := s.pid()
	if pid == 0 {
		fmt.Fprintf(os.Stderr, "stack %q does not run\n", s.name)
		return os.RemoveAll(s.dir)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	for s.pid() != 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}
