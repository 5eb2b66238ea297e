package plugin

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubectlFindsThePlugin builds it and calls it through kubectl, as people do.
func TestKubectlFindsThePlugin(t *testing.T) {
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=v9", "-o", filepath.Join(bin, "kubectl-zma"), "./cmd/kubectl-zma")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	samples := filepath.Join(root, "config", "samples")
	try := func(args ...string) (out string, code int) {
		cmd := exec.CommandContext(t.Context(), cluster.Kubectl(), append([]string{"zma"}, args...)...)
		cmd.Env = append(os.Environ(), "PATH="+bin, "KUBECONFIG="+cluster.KubeconfigPath())
		raw, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(raw), cmd.ProcessState.ExitCode()
	}
	for reason, tc := range map[string]struct {
		args []string
		out  string
		code int
	}{
		"its version":      {[]string{"version"}, "v9\n", 0},
		"orders":           {[]string{"source", "test", "web", filepath.Join(samples, "bodies", "web.json"), "-f", filepath.Join(samples, "source.yaml"), "--server"}, "the endpoint would answer 202\n", 0},
		"an absent source": {[]string{"source", "test", "shop", filepath.Join(samples, "bodies", "web.json"), "-f", filepath.Join(samples, "source-hmac.yaml")}, "error: ", 1},
	} {
		t.Run(reason, func(t *testing.T) {
			if out, code := try(tc.args...); code != tc.code || !strings.Contains(out, tc.out) {
				t.Errorf("exit code %d, want %d\n%s", code, tc.code, out)
			}
		})
	}
}
