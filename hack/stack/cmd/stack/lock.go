package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errRuns means that the stack of this name has a supervisor already.
var errRuns = errors.New("the stack runs already")

// lockFD is where a supervisor that up has started finds the lock that it inherits.
const lockFD = 3

func (s *state) lockFile() string { return filepath.Join(s.dir, "lock") }

// lock makes this process, and the children that inherit the file, the owner of
// the stack's folder. A process ID alone would not do: after a crash the system
// gives it to another process, which down would then end.
func (s *state) lock() (*os.File, error) {
	for {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return nil, err
		}
		f, err := os.OpenFile(s.lockFile(), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if !flock(f) {
			return nil, errors.Join(errRuns, f.Close())
		}
		if s.holds(f) {
			return f, nil
		}
		_ = f.Close() // the last owner removed it meanwhile; take the new one
	}
}

// flock tries for a moment, because another command may be looking (see running).
func flock(f *os.File) bool {
	for range 10 {
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// holds tells whether the file is still the one that others find.
func (s *state) holds(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(s.lockFile())
	return err == nil && os.SameFile(mine, current)
}

// running tells whether a supervisor lives.
func (s *state) running() bool {
	f, err := os.Open(s.lockFile())
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // which gives the lock back
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// pid of the supervisor; 0 when none runs. The holder of the lock has written it,
// so it names no other process as long as the lock is held.
func (s *state) pid() int {
	if !s.running() {
		return 0
	}
	raw, err := os.ReadFile(s.pidFile())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return pid
}
