package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// shared is what runs use: servers that are slow to start, and the binary. Tests
// that need none of them do not wait for them.
type shared struct {
	Servers
	dir, binary string
}

// ground gives what runs use, started once.
var ground = sync.OnceValues(func() (*shared, error) {
	ctx, s := context.Background(), &shared{}
	started = s
	var err error
	if s.dir, err = os.MkdirTemp("", "zma-chaos-"); err != nil {
		return nil, err
	}
	if s.binary, err = operator.Build(ctx, s.dir, ""); err != nil {
		return nil, err
	}
	if s.Kube, err = kube.Start(ctx, kube.Options{Progress: os.Stderr, CRDDirs: []string{stack.CRDs()}}); err != nil {
		return nil, err
	}
	s.Postgres, err = postgres.Start(ctx, postgres.Options{Progress: os.Stderr})
	return s, err
})

// started is what has to be stopped.
var started *shared

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	code := m.Run()
	if err := started.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func (s *shared) stop() error {
	if s == nil {
		return nil
	}
	errs := []error{os.RemoveAll(s.dir)}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop())
	}
	if s.Kube != nil {
		errs = append(errs, s.Kube.Stop())
	}
	return errors.Join(errs...)
}

// servers gives what a run needs.
func servers(t *testing.T) *shared {
	t.Helper()
	s, err := ground()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
