package v1alpha1_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// cluster is the real API server that every rule of the schema is tried on.
var (
	cluster *kube.Cluster
	server  client.Client
)

const namespace = "schema"

func TestMain(m *testing.M) {
	os.Exit(kube.Main(m, kube.Options{CRDDirs: []string{filepath.Join("..", "..", "config", "crd", "bases")}}, func(c *kube.Cluster) error {
		cluster = c
		api, err := shop.Client(c.Config())
		if err != nil {
			return err
		}
		server = api
		return server.Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	}))
}
