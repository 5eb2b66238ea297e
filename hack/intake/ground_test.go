package intake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/operator"
)

// shared is what runs use: servers that are slow to start, and the binary.
type shared struct {
	servers     *site.Servers
	dir, binary string
}

// started is what has to be stopped.
var started *shared

// ground gives what runs use, started once.
var ground = sync.OnceValues(func() (*shared, error) {
	ctx, s := context.Background(), &shared{}
	started = s
	var err error
	if s.dir, err = os.MkdirTemp("", "zma-intake-"); err != nil {
		return nil, err
	}
	// INTAKE_BINARY tries another version.
	if s.binary = os.Getenv("INTAKE_BINARY"); s.binary == "" {
		if s.binary, err = operator.Build(ctx, s.dir, ""); err != nil {
			return nil, err
		}
	}
	s.servers, err = site.StartServers(ctx, site.Start{Progress: os.Stderr})
	return s, err
})

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
	err := os.RemoveAll(s.dir)
	if s.servers != nil {
		err = errors.Join(err, s.servers.Stop())
	}
	return err
}

// number reads a setting of the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
