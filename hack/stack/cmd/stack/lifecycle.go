package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/scratch"
)

// downGrace is given to a supervisor to end its servers and to remove its files.
const downGrace = 90 * time.Second

func (s *state) pidFile() string     { return filepath.Join(s.dir, "pid") }
func (s *state) envFile() string     { return filepath.Join(s.dir, "env") }
func (s *state) logFile() string     { return filepath.Join(s.dir, "log") }
func (s *state) scratchFile() string { return filepath.Join(s.dir, "scratch") }

// up starts a supervisor in the background and waits until it is ready. A second
// one says that the first runs, waits for it, and tells how to reach it.
func (s *state) up(ctx context.Context) error {
	lock, err := s.lock()
	if errors.Is(err, errRuns) {
		fmt.Fprintf(os.Stderr, "stack %q runs already\n", s.name)
		return s.await(ctx, strings.NewReader(""), s.running)
	}
	if err != nil {
		return err
	}
	log, alive, err := s.supervise(lock)
	if err := errors.Join(err, lock.Close()); err != nil { // the supervisor has its own
		return err
	}
	defer func() { _ = log.Close() }()
	if err := s.await(ctx, log, alive); err != nil {
		return errors.Join(err, s.giveUp())
	}
	return nil
}

// supervise starts run as a process of its own session, which keeps the lock. The
// log is opened for reading, because one that fails removes it with all the rest.
func (s *state) supervise(lock *os.File) (log *os.File, alive func() bool, err error) {
	if err := s.sweep(); err != nil {
		return nil, nil, err
	}
	out, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = out.Close() }() // the supervisor has its own
	if log, err = os.Open(s.logFile()); err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, errors.Join(err, log.Close())
	}
	cmd := exec.Command(self, "-name", s.name, "-locked", "run")
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, out, []*os.File{lock} // the first extra file is lockFD
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, log.Close())
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // why it ended stands in its log
		close(ended)
	}()
	return log, func() bool {
		select {
		case <-ended:
			return false
		default:
			return true
		}
	}, nil
}

// await passes the supervisor's progress on until it is ready or has ended.
func (s *state) await(ctx context.Context, log io.Reader, alive func() bool) error {
	for {
		living := alive() // before the log is read, so that its last lines are shown
		if _, err := io.Copy(os.Stderr, log); err != nil {
			return err
		}
		if _, err := os.Stat(s.envFile()); err == nil {
			return s.print()
		}
		if !living {
			return fmt.Errorf("stack %q did not start", s.name)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// giveUp ends a supervisor whose start failed or was interrupted.
func (s *state) giveUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), downGrace)
	defer cancel()
	if s.running() {
		return s.down(ctx)
	}
	return s.clean()
}

func (s *state) print() error {
	raw, err := os.ReadFile(s.envFile())
	if errors.Is(err, fs.ErrNotExist) || !s.running() {
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

// down stops the supervisor, which removes what the stack left. What a killed one
// left is removed here.
func (s *state) down(ctx context.Context) error {
	if !s.running() {
		fmt.Fprintf(os.Stderr, "stack %q does not run\n", s.name)
		return s.clean()
	}
	if err := s.end(ctx, syscall.SIGTERM); err != nil {
		fmt.Fprintf(os.Stderr, "stack %q: %v; killing it\n", s.name, err)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := s.end(ctx, syscall.SIGKILL); err != nil {
			return err
		}
	}
	return s.clean()
}

// end signals the supervisor and waits until it is gone.
func (s *state) end(ctx context.Context, signal syscall.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, downGrace)
	defer cancel()
	// Process 0 would be the caller's own group; the ID is also missing for the
	// moment in which a supervisor starts, and then comes with a later round.
	sent := false
	for s.running() {
		if pid := s.pid(); pid != 0 && !sent {
			if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("signal process %d: %w", pid, err)
			}
			sent = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not end: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// clean removes the folder of a stack that has no supervisor.
func (s *state) clean() error {
	lock, err := s.lock()
	if errors.Is(err, errRuns) {
		return nil // somebody started it again meanwhile; it is theirs
	}
	if err != nil {
		return err
	}
	return errors.Join(s.sweep(), os.RemoveAll(s.dir), lock.Close())
}

// sweep removes what a supervisor that was killed has left, but for the lock,
// which the caller holds.
func (s *state) sweep() error {
	raw, err := os.ReadFile(s.scratchFile())
	if err == nil {
		if err := scratch.Remove(strings.TrimSpace(string(raw))); err != nil {
			return err
		}
	}
	for _, path := range []string{s.scratchFile(), s.envFile(), s.pidFile(), s.logFile(), s.certificateFile()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
