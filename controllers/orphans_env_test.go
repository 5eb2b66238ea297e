package controllers

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// sweepWorld is what a sweep lives in: a real ledger and the simulator, which
// share a clock that the test moves. The cluster's view is a fake client, as the
// sweep reads a cache and nothing else.
type sweepWorld struct {
	t       *testing.T
	sim     *zmasim.Server
	ledger  *ledger.Ledger
	client  client.Client
	metrics *telemetry.Metrics
	account *v1alpha1.ZMAAccount

	mu sync.Mutex
	at time.Time
}

// startSweepDatabase runs a server for the tests of one test.
func startSweepDatabase(t *testing.T) *postgres.Server {
	t.Helper()
	s, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newSweepWorld(t *testing.T, database *postgres.Server) *sweepWorld {
	t.Helper()
	w := &sweepWorld{t: t, at: sweepNow}
	url := database.NewDatabase(t)
	_, _, err := ledger.Migrate(t.Context(), url)
	w.must(err)
	w.ledger, err = ledger.Open(t.Context(), ledger.Options{URL: url, Now: w.now, MaxConns: 4})
	w.must(err)
	t.Cleanup(w.ledger.Close)
	w.sim, err = zmasim.Start(context.Background(), zmasim.Options{Now: w.now, Processing: time.Millisecond})
	w.must(err)
	t.Cleanup(func() { w.must(w.sim.Close()) })
	w.metrics, err = telemetry.NewMetrics(prometheus.NewRegistry())
	w.must(err)
	w.account = &v1alpha1.ZMAAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"},
		Spec: v1alpha1.ZMAAccountSpec{BaseURL: w.sim.URL(), APIVersion: "v1", ProviderAccountID: "acct-1",
			SecretRef: v1alpha1.SecretKeyReference{Name: "zma", Key: "token"}},
	}
	token := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "zma"}, Data: map[string][]byte{"token": []byte("sim-token")}}
	scheme := runtime.NewScheme()
	w.must(v1alpha1.AddToScheme(scheme))
	w.must(corev1.AddToScheme(scheme))
	w.client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(w.account, token).WithStatusSubresource(&v1alpha1.ZMAOrder{}).Build()
	return w
}

func (w *sweepWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *sweepWorld) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *sweepWorld) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// sweeper is one that has just started.
func (w *sweepWorld) sweeper() *OrphanSweep {
	return &OrphanSweep{Client: w.client, Ledger: w.ledger, Providers: w.providers(), Metrics: w.metrics, Log: logr.Discard(),
		Now: w.now, Roll: func() float64 { return 0 }}
}

func (w *sweepWorld) providers() *act.ClientCache {
	return act.NewClientCache(secrets.NewReader(w.client, 0, w.now), zma.NewHTTPClient(), w.metrics, w.now)
}

func (w *sweepWorld) provider() zma.Client {
	w.t.Helper()
	c, err := w.providers().For(w.t.Context(), w.account)
	w.must(err)
	return c
}

// buy sends an order to the provider past the operator.
func (w *sweepWorld) buy(identity, key, product string) (requestID string) {
	w.t.Helper()
	r := zma.OrderRequest{
		Key: key, Identity: identity, Attempt: 1, Retailer: "amazon", MaxPriceCents: 1_000_000,
		Items: []v1alpha1.OrderItem{{ProductID: product, Quantity: 1}}, Shipping: v1alpha1.Shipping{Method: "cheapest"},
		Address: v1alpha1.Address{FirstName: "Ada", LastName: "Sample", Line1: "10 Test Street", City: "Portland", State: "OR",
			PostalCode: "97201", Country: "US", Phone: "5035550100"},
	}
	sent := w.provider().Submit(w.t.Context(), r)
	if sent.Verdict != zma.Accepted {
		w.t.Fatalf("the provider does not take the order: %+v", sent)
	}
	return sent.RequestID
}

// order puts an order with an attempt into the cluster and the ledger.
func (w *sweepWorld) order(name, key string, state v1alpha1.SubmissionState, requestID string) *v1alpha1.ZMAOrder {
	w.t.Helper()
	at := metav1.NewTime(w.now())
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       v1alpha1.ZMAOrderSpec{AccountRef: v1alpha1.LocalReference{Name: "main"}},
	}
	o.Status.Submission = &v1alpha1.Submission{Attempt: 1, IdempotencyKey: key, State: state, RequestID: requestID,
		ProviderAccountID: "acct-1", IntentAt: at, ReservedAt: at}
	w.must(w.client.Create(w.t.Context(), o))
	_, err := w.ledger.Reserve(w.t.Context(), ledger.Reservation{Identity: v1alpha1.IdentityOf(o), Name: name, UID: "u", Attempt: 1,
		Account: "main", ProviderAccountID: "acct-1", IdempotencyKey: key, Currency: "USD", MaxPriceCents: 100})
	w.must(err)
	return o
}

func (w *sweepWorld) sweep(s *OrphanSweep) {
	w.t.Helper()
	w.must(s.Sweep(w.t.Context()))
}

// expect compares the open alerts, as kind and request ID, and the metric of each
// kind with what a test wants.
func (w *sweepWorld) expect(kind string, requestIDs ...string) {
	w.t.Helper()
	open, err := w.ledger.OpenAlerts(w.t.Context(), "shop", KindUnknownPurchase, KindOrderOrphaned, KindOrderMissingAtProvider)
	w.must(err)
	var got, want []string
	for _, a := range open {
		got = append(got, a.Key)
	}
	for _, id := range requestIDs {
		want = append(want, kind+"/shop/main/"+id)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		w.t.Errorf("open alerts are %v, want %v", got, want)
	}
	for k := range sweepKinds() {
		wanted := 0
		if k == kind {
			wanted = len(requestIDs)
		}
		if n := testutil.ToFloat64(w.metrics.Orphans.WithLabelValues("shop", "main", k)); n != float64(wanted) {
			w.t.Errorf("the metric of %s is %v, want %d", k, n, wanted)
		}
	}
}

// wrote gives the calls at the provider that were not reads.
func (w *sweepWorld) wrote() int {
	n := 0
	for _, r := range w.sim.Record().Requests {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}
