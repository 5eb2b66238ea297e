package plugin

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// root of the repository, as seen from this package.
const root = "../.."

// cluster is a real API server; api talks to it.
var (
	cluster *kube.Cluster
	api     client.Client
)

func TestMain(m *testing.M) {
	os.Exit(kube.Main(m, kube.Options{CRDDirs: []string{filepath.Join(root, "config", "crd", "bases")}}, func(c *kube.Cluster) (err error) {
		cluster = c
		api, err = shop.Client(c.Config())
		return err
	}))
}

// said is what a command has printed.
type said struct {
	out, notes string
	err        error
}

// call runs the plugin without a cluster.
func call(t *testing.T, in string, args ...string) said {
	t.Helper()
	var out, notes bytes.Buffer
	cmd := Root(Environment{Version: "v1.2.3", In: strings.NewReader(in), Out: &out, Err: &notes})
	cmd.SetArgs(append([]string{}, args...)) // nil would be those of the test
	err := cmd.ExecuteContext(t.Context())
	return said{out.String(), notes.String(), err}
}

// alone takes every cluster away, also the one that a Pod would find.
func alone(t *testing.T) {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
}

// ask runs the plugin with the cluster.
func ask(t *testing.T, in string, args ...string) said {
	t.Helper()
	return call(t, in, append(args, "--kubeconfig", cluster.KubeconfigPath())...)
}

// holds tells whether the error has the text, or is nil when that is empty.
func holds(err error, text string) bool {
	if text == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), text)
}

// file writes a temporary file.
func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
