package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// stackctl runs the command as a user would.
type stackctl struct {
	t                   *testing.T
	binary, assets, dir string
	env                 []string
}

// newStackctl builds the command, with a cache and a temporary folder of its own.
func newStackctl(t *testing.T) stackctl {
	t.Helper()
	assets, err := kube.Assets(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	s := stackctl{t: t, assets: assets, dir: t.TempDir()}
	s.binary = filepath.Join(s.dir, "stack")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	temp := filepath.Join(s.dir, "tmp")
	// The database server may run as another user, who has to reach its folder.
	if err := os.Mkdir(temp, 0o711); err != nil {
		t.Fatal(err)
	}
	for d := temp; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(os.Environ(), "KUBEBUILDER_ASSETS="+assets, "ZMA_CACHE_DIR="+filepath.Join(s.dir, "cache"), "TMPDIR="+temp)
	return s
}

func (s stackctl) run(ok bool, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.binary, args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if (err == nil) != ok {
		s.t.Fatalf("stack %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestStacksComeAndGo starts two stacks side by side, one of them twice, stops
// them, and looks for what they left.
func TestStacksComeAndGo(t *testing.T) {
	if os.Getenv("DATABASE_URL") != "" {
		t.Skip("DATABASE_URL names a server that both stacks would share")
	}
	s := newStackctl(t)
	t.Cleanup(func() {
		for _, name := range []string{"one", "two"} {
			cmd := exec.Command(s.binary, "-name", name, "down")
			cmd.Env = s.env
			_ = cmd.Run() // stopped already, unless the test has failed
		}
	})
	s.run(false, "-name", "one", "status")
	first := s.run(true, "-name", "one", "up")
	if !strings.Contains(first, "export KUBECONFIG=") || !strings.Contains(first, "export ZMA_URL=") {
		t.Errorf("up does not tell how to reach the stack:\n%s", first)
	}
	if again := s.run(true, "-name", "one", "up"); !strings.Contains(again, "runs already") || !strings.Contains(again, exports(first)) {
		t.Errorf("a second up does not say that the first runs:\n%s", again)
	}
	second := s.run(true, "-name", "two", "up")
	if exports(second) == exports(first) {
		t.Error("two stacks share their parts")
	}
	for _, out := range []string{first, second} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(s.assets, "kubectl"), "get", "zma", "-A")
		cmd.Env = append(s.env, "KUBECONFIG="+value(out, "KUBECONFIG"))
		if got, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("kubectl get zma: %v\n%s", err, got)
		}
	}
	s.run(true, "-name", "one", "down")
	s.run(true, "-name", "two", "down")
	s.run(false, "-name", "one", "status")
	if left, err := os.ReadDir(filepath.Join(s.dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("the stacks left %v (%v)", left, err)
	}
	if left, err := os.ReadDir(filepath.Join(s.dir, "cache", "stacks")); err != nil || len(left) != 0 {
		t.Errorf("the stacks left %v (%v)", left, err)
	}
}

// TestAKilledStackTakesItsServersAlong kills the supervisor, as a crash would.
func TestAKilledStackTakesItsServersAlong(t *testing.T) {
	s := newStackctl(t)
	out := s.run(true, "-name", "killed", "up")
	st := &state{name: "killed", dir: filepath.Join(s.dir, "cache", "stacks", "killed")}
	pid := st.pid()
	if pid == 0 {
		t.Fatal("the stack does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone := func() bool {
		cmd := exec.Command(filepath.Join(s.assets, "kubectl"), "get", "ns", "--request-timeout=2s")
		cmd.Env = append(s.env, "KUBECONFIG="+value(out, "KUBECONFIG"))
		return cmd.Run() != nil
	}
	for deadline := time.Now().Add(time.Minute); !gone(); {
		if time.Now().After(deadline) {
			t.Fatal("the API server outlives its supervisor")
		}
	}
	// The next one starts as if nothing had been.
	s.run(true, "-name", "killed", "up")
	s.run(true, "-name", "killed", "down")
}

func exports(out string) string {
	i := strings.Index(out, "export KUBECONFIG=")
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(out[i:])
}

func value(out, name string) string {
	_, rest, _ := strings.Cut(out, "export "+name+"=")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(line, "'")
}
