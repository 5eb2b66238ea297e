package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// tool is the command as its users run it, with folders of its own.
type tool struct {
	path, cache, temp string
	env               []string
}

func newTool(t *testing.T) *tool {
	t.Helper()
	// Not t.TempDir: PostgreSQL runs as another user when this one is root, and
	// must get through.
	base, err := os.MkdirTemp("", "stack-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if err := os.Chmod(base, 0o711); err != nil {
		t.Fatal(err)
	}
	c := &tool{path: filepath.Join(base, "stack"), cache: filepath.Join(base, "cache"), temp: filepath.Join(base, "tmp")}
	for _, dir := range []string{c.cache, c.temp} {
		if err := os.Mkdir(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	c.env = append(os.Environ(), "ZMA_CACHE_DIR="+c.cache, "TMPDIR="+c.temp, "DATABASE_URL=", "TEST_DATABASE_URL=")
	return c
}

func (c *tool) run(name string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(c.path, append([]string{"-name", name}, args...)...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errOut, c.env
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

func (c *tool) must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, errOut, err := c.run(name, args...)
	if err != nil {
		t.Fatalf("stack -name %s %s: %v\n%s", name, args, err, errOut)
	}
	return out
}

func TestStacksStartedAtOnceAndKilledLeaveNothing(t *testing.T) {
	assets, err := kube.Assets(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	c := newTool(t)
	c.env = append(c.env, "KUBEBUILDER_ASSETS="+assets)
	t.Cleanup(func() {
		for _, name := range []string{"one", "two"} {
			_, _, _ = c.run(name, "down") // a test that failed may have left one
		}
	})
	told := upAtOnce(t, c, "one", "two")
	if told["one"] == told["two"] {
		t.Error("the two stacks share their servers")
	}
	for _, name := range []string{"one", "two"} {
		for part, addr := range addresses(t, told[name]) {
			if !answers(addr) {
				t.Errorf("stack %s: %s does not answer at %s", name, part, addr)
			}
		}
	}
	c.must(t, "one", "down")
	for part, addr := range addresses(t, told["one"]) {
		if answers(addr) {
			t.Errorf("after down %s still answers", part)
		}
	}
	if got := c.must(t, "two", "env"); got != told["two"] {
		t.Errorf("the other stack is disturbed: %s", got)
	}

	kill(t, c, "two")
	eventually(t, "status says that a killed stack runs", func() bool {
		_, _, err := c.run("two", "status")
		return err != nil
	})
	c.must(t, "two", "down")
	for part, addr := range addresses(t, told["two"]) {
		eventually(t, "after a kill and down "+part+" still answers", func() bool { return !answers(addr) })
	}
	left(t, c)
}

// upAtOnce starts every stack twice at the same moment: the second up must wait
// for the first, and tell the same.
func upAtOnce(t *testing.T, c *tool, names ...string) map[string]string {
	t.Helper()
	var group sync.WaitGroup
	outs, errs := make([]string, 2*len(names)), make([]error, 2*len(names))
	for i := range outs {
		group.Go(func() {
			out, errOut, err := c.run(names[i/2], "up")
			if err != nil {
				err = fmt.Errorf("%w: %s", err, errOut)
			}
			outs[i], errs[i] = out, err
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for i, name := range names {
		told[name] = outs[2*i]
		if diff := cmp.Diff(outs[2*i], outs[2*i+1]); diff != "" {
			t.Errorf("two ups of %s at once differ:\n%s", name, diff)
		}
	}
	return told
}

// addresses of the servers that the exports name.
func addresses(t *testing.T, exports string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for line := range strings.Lines(exports) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		value = strings.Trim(value, "'")
		switch name {
		case "SMTP_ADDR":
			found[name] = value
		case "DATABASE_URL", "SMTP_MESSAGES_URL", "ZMA_URL":
			u, err := url.Parse(value)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = u.Host
		}
	}
	if len(found) != 4 {
		t.Fatalf("the exports lack a part:\n%s", exports)
	}
	return found
}

func answers(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// kill ends the supervisor as a crash would.
func kill(t *testing.T, c *tool, name string) {
	t.Helper()
	s := &state{name: name, dir: filepath.Join(c.cache, "stacks", name)}
	pid := s.pid()
	if pid == 0 {
		t.Fatal("the stack does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what the kernel does in its own time after a kill.
func eventually(t *testing.T, failure string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(failure)
		}
	}
}

func left(t *testing.T, c *tool) {
	t.Helper()
	for _, dir := range []string{c.temp, filepath.Join(c.cache, "stacks")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "go-build") {
				continue
			}
			t.Errorf("left behind: %s", filepath.Join(dir, e.Name()))
		}
	}
}

func TestDownEndsNobodyElsesProcess(t *testing.T) {
	c := newTool(t)
	// A crash leaves a process ID, which the system then gives to another process.
	other := exec.Command("cat")
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = other.Wait() })
	s := &state{name: "crashed", dir: filepath.Join(c.cache, "stacks", "crashed")}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.pidFile(), fmt.Appendln(nil, other.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	c.must(t, "crashed", "down")
	_, _ = fmt.Fprintln(in, "still here") // fails with the read below
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "still here\n" {
		t.Errorf("down has ended a process that is not a stack: %q, %v", line, err)
	}
	left(t, c)
}

func TestUpSaysWhyTheStackDidNotStart(t *testing.T) {
	c := newTool(t)
	c.env = append(c.env, "KUBEBUILDER_ASSETS="+t.TempDir())
	_, errOut, err := c.run("broken", "up")
	if err == nil || !strings.Contains(errOut, "KUBEBUILDER_ASSETS lacks a binary") {
		t.Errorf("err = %v, and the reason is not told:\n%s", err, errOut)
	}
	left(t, c)
}
