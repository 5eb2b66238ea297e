package notify

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// database is the server that every test makes its own database on.
var database *postgres.Server

func TestMain(m *testing.M) {
	os.Exit(func() int {
		s, err := postgres.Start(context.Background(), postgres.Options{Progress: os.Stderr})
		if err != nil {
			fmt.Fprintln(os.Stderr, "PostgreSQL does not start:", err)
			return 1
		}
		defer func() { _ = s.Stop() }()
		database = s
		return m.Run()
	}())
}

// testClock is moved by hand, so that leases and back-offs end when a test says.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// logLines keeps what a worker logs.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) add(prefix, args string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, prefix+args)
}

func (l *logLines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.lines)
}

// env is a worker's surroundings: a real ledger and a real mail server.
type env struct {
	t       *testing.T
	clock   *testClock
	ledger  *ledger.Ledger
	url     string
	client  client.Client
	metrics *telemetry.Metrics
	logged  *logLines
}

const testLease = 20 * time.Second

func newEnv(t *testing.T, objects ...client.Object) *env {
	t.Helper()
	e := &env{t: t, clock: &testClock{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}, logged: &logLines{}}
	e.url = database.NewDatabase(t)
	ctx := context.Background()
	if _, _, err := ledger.Migrate(ctx, e.url); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(ctx, ledger.Options{URL: e.url, Now: e.clock.now, MaxConns: 8, ApplicationName: "notify-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	e.ledger = l
	if e.metrics, err = telemetry.NewMetrics(prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	e.client = fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(objects...).Build()
	return e
}

func testScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// worker is one that looks at the outbox all the time.
func (e *env) worker(change ...func(*Worker)) *Worker {
	w := &Worker{
		Outbox: e.ledger, Client: e.client, Secrets: secrets.NewReader(e.client, 0, e.clock.now),
		Metrics: e.metrics, Log: e.logger(), Now: e.clock.now, Interval: 5 * time.Millisecond, Lease: testLease,
	}
	for _, f := range change {
		f(w)
	}
	return w
}

func (e *env) logger() logr.Logger { return funcr.New(e.logged.add, funcr.Options{}) }

// start runs a worker until stop is called or the test ends.
func (e *env) start(w *Worker) (stop func()) {
	e.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Start(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				e.t.Errorf("the worker ended with %v", err)
			}
		})
	}
	e.t.Cleanup(stop)
	return stop
}

// enqueue queues the confirmation of the n-th order.
func (e *env) enqueue(n int, change ...func(*ledger.Mail)) v1alpha1.Identity {
	e.t.Helper()
	m, ok, err := ConfirmationMail(placedOrder(func(o *v1alpha1.ZMAOrder) {
		o.Spec.Source.ExternalID = fmt.Sprintf("order-%d", n)
	}), policyOfShop())
	if err != nil || !ok {
		e.t.Fatalf("no mail: %v", err)
	}
	for _, f := range change {
		f(m)
	}
	if inserted, err := e.ledger.Enqueue(context.Background(), *m); err != nil || !inserted {
		e.t.Fatalf("enqueue: %v, %v", inserted, err)
	}
	return m.Identity
}

func (e *env) state(id v1alpha1.Identity, kind string) string {
	e.t.Helper()
	states, err := e.ledger.MailStates(context.Background(), id)
	if err != nil {
		e.t.Fatal(err)
	}
	return states[kind]
}

func (e *env) alerts() (open int) {
	e.t.Helper()
	e.query("SELECT count(*) FROM admin_alerts WHERE resolved_at IS NULL AND kind = 'MailDead'", &open)
	return open
}

func (e *env) query(sql string, into ...any) {
	e.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, e.url)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, sql).Scan(into...); err != nil {
		e.t.Fatalf("%s: %v", sql, err)
	}
}

// eventually polls until a promise holds.
func eventually(t *testing.T, promise string, holds func() bool) {
	t.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never came true: %s", promise)
		case <-tick.C:
		}
	}
}
