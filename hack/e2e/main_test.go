package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// shared is what all tests use: servers that are slow to start, and the binary.
var shared struct {
	kube     *kube.Cluster
	postgres *postgres.Server
	binary   string
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "zma-e2e-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	if shared.binary, err = operator.Build(ctx, dir, ""); err != nil {
		return fail(err)
	}
	if shared.kube, err = kube.Start(ctx, kube.Options{Progress: os.Stderr, CRDDirs: []string{stack.CRDs()}, ControllerManager: true}); err != nil {
		return fail(err)
	}
	defer stop(shared.kube.Stop)
	if shared.postgres, err = postgres.Start(ctx, postgres.Options{Progress: os.Stderr}); err != nil {
		return fail(err)
	}
	defer stop(shared.postgres.Stop)
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func stop(f func() error) {
	if err := f(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
