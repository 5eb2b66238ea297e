package webhookserver_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// cluster is a real API server; api talks to it.
var (
	cluster *kube.Cluster
	api     client.Client
)

func TestMain(m *testing.M) {
	os.Exit(kube.Main(m, kube.Options{CRDDirs: []string{filepath.Join("..", "config", "crd", "bases")}}, func(c *kube.Cluster) (err error) {
		cluster = c
		api, err = shop.Client(c.Config())
		return err
	}))
}
