package strangers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// memoryLimit is that of the Deployment, in bytes.
const memoryLimit = 512 << 20

// pid of a target: the process that was told to listen on its address.
func (x *target) pid(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("--webhook-bind-address="+x.addr+"\x00")) {
			continue // some have ended
		}
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Skip("the process can't be found: there is no /proc")
	return 0
}

// status of a process by one of its lines, in bytes where it is a size.
func status(pid int, line string) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for text := range strings.Lines(string(raw)) {
		fields := strings.Fields(text)
		if len(fields) > 1 && fields[0] == line+":" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no %s", pid, line)
}

// scale weighs a process until stopped.
type scale struct {
	stop chan struct{}
	done sync.WaitGroup
	most int64
	err  error
}

// weigh begins.
func weigh(t *testing.T, x *target) *scale {
	t.Helper()
	pid, s := x.pid(t), &scale{stop: make(chan struct{})}
	s.done.Go(func() {
		for {
			now, err := status(pid, "VmRSS")
			if err != nil {
				s.err = err
				return
			}
			s.most = max(s.most, now)
			select {
			case <-s.stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return s
}

// read ends and checks the limit.
func (s *scale) read(t *testing.T) {
	t.Helper()
	close(s.stop)
	s.done.Wait()
	t.Logf("the process held %d MiB at most", s.most>>20)
	if s.err != nil || s.most > memoryLimit {
		t.Errorf("the process held %d MiB, %v", s.most>>20, s.err)
	}
}
