// Package strangers attacks the webhook endpoint from outside: the real process,
// with a real API server and a real Postgres behind it, over sockets. Each test
// says what strangers can't do, and a witness looks for what they must not leave:
// orders, and anything of what they sent in log, metrics and tables.
package strangers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// world is what all tests use: servers that are slow to start, one namespace with
// its sources, and one replica of the endpoint.
type world struct {
	dir, binary string
	servers     *site.Servers
	site        *site.Site
	main        *target
	parties     []*party
}

// begun is what has to be stopped.
var begun *world

// ground gives the world, started once.
var ground = sync.OnceValues(func() (*world, error) {
	w := &world{}
	begun = w
	return w, w.start(context.Background())
})

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	code := m.Run()
	if err := begun.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// start sets everything up. STRANGERS_BINARY tries another version.
func (w *world) start(ctx context.Context) (err error) {
	if w.dir, err = os.MkdirTemp("", "zma-strangers-"); err != nil {
		return err
	}
	if w.binary = os.Getenv("STRANGERS_BINARY"); w.binary == "" {
		if w.binary, err = operator.Build(ctx, w.dir, ""); err != nil {
			return err
		}
	}
	if w.servers, err = site.StartServers(ctx, site.Start{Progress: os.Stderr}); err != nil {
		return err
	}
	w.site, err = site.New(ctx, site.Options{
		Servers: w.servers, Binary: w.binary, Sources: map[string]v1alpha1.RateLimit{shop.SourceName: unlimited()},
	})
	if err != nil {
		return err
	}
	if err := w.makeSources(ctx); err != nil {
		return err
	}
	w.main, err = w.open(ctx, "main")
	return err
}

// target is a replica that is attacked.
type target struct {
	*site.Replica
	world *world
	addr  string // host and port
	log   string // file
	tls   bool
}

// base is the URL without a path.
func (x *target) base() string {
	if x.tls {
		return "https://" + x.addr
	}
	return x.URL()
}

// open starts a replica at the most detailed level of its log.
func (w *world) open(ctx context.Context, name string, args ...string) (*target, error) {
	r, err := w.site.StartReplica(ctx, name, append([]string{"--log-level=debug"}, args...)...)
	if err != nil {
		return nil, err
	}
	t := &target{Replica: r, world: w, addr: strings.TrimPrefix(r.URL(), "http://")}
	for _, path := range w.site.Logs() {
		if filepath.Base(path) == name+".log" {
			t.log = path
		}
	}
	return t, nil
}

func (w *world) stop() error {
	if w == nil {
		return nil
	}
	err := os.RemoveAll(w.dir)
	if w.site != nil {
		err = errors.Join(err, w.site.Close())
	}
	if w.servers != nil {
		err = errors.Join(err, w.servers.Stop())
	}
	return err
}

// world of a test; the test ends when there is none.
func theWorld(t *testing.T) *world {
	t.Helper()
	w, err := ground()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// unlimited never limits anything here.
func unlimited() v1alpha1.RateLimit {
	return v1alpha1.RateLimit{PerMinute: 600000, Burst: 100000, PerClientPerMinute: 600000}
}
