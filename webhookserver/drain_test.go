package webhookserver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// closingLog knows whether the server has said that no more rows come.
type closingLog struct {
	rows   atomic.Int64
	closed atomic.Bool
}

func (l *closingLog) Record(ledger.Delivery) { l.rows.Add(1) }
func (l *closingLog) Close()                 { l.closed.Store(true) }

func TestTheServerDrainsBeforeItEnds(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(webhookSource("web", nil), keySecret()).
		WithInterceptorFuncs(interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			close(entered)
			<-release
			return c.Create(ctx, o, opts...)
		}}).Build()
	log := &closingLog{}
	h := newHarnessOn(t, c, func(o *Options) { o.Addr, o.Deliveries = "127.0.0.1:0", log })
	if err := h.server.ReadyCheck(nil); err == nil {
		t.Error("ready before it is started")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.server.Start(ctx) }()
	eventually(t, func() bool { return h.server.ReadyCheck(nil) == nil })
	h.http.URL = "http://" + h.server.Addr()

	answered := make(chan int, 1)
	go func() { answered <- h.deliver(webPath, nativeBody("A-1")).status }()
	<-entered
	cancel()
	eventually(t, func() bool { return h.server.ReadyCheck(nil) != nil })
	if log.closed.Load() {
		t.Error("the delivery log was closed under a request")
	}
	close(release)
	if status := <-answered; status != 202 {
		t.Errorf("the request under way got %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !log.closed.Load() || log.rows.Load() != 1 {
		t.Errorf("closed %v after %d rows", log.closed.Load(), log.rows.Load())
	}
}

func TestReadinessDoesNotDependOnOthers(t *testing.T) {
	synced := atomic.Bool{}
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(webhookSource("web", nil), keySecret()).Build()
	h := newHarnessOn(t, c, func(o *Options) { o.Synced = synced.Load })
	probe := func(path string) int {
		resp, err := http.Get(h.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	h.server.started.Store(true)
	if probe("/healthz") != 200 || probe("/readyz") != 503 {
		t.Error("with an incomplete cache it must be alive and not ready")
	}
	wantProblem(t, h.deliver(webPath, nativeBody("A-1")), 503, "unavailable") // not 404: the source is only not seen yet
	synced.Store(true)
	if probe("/readyz") != 200 {
		t.Error("not ready with a complete cache")
	}
	h.server.draining.Store(true)
	if probe("/healthz") != 200 || probe("/readyz") != 503 {
		t.Error("while draining it must be alive and not ready")
	}
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).Build()
	h := newHarnessOn(t, c, func(o *Options) { o.Addr = strings.TrimPrefix(taken.URL, "http://") })
	if err := h.server.Start(t.Context()); err == nil {
		t.Error("started on an address in use")
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := New(Options{Now: time.Now}); err == nil {
		t.Error("made without a client")
	}
}
