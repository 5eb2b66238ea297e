package webhookserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

const (
	signingSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	otherSecret   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	bearerToken   = "tttttttttttttttttttttttttttttttt"
	callbackKey   = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
)

var begin = time.Unix(1_750_000_000, 0)

// nativeBody is a valid order; personal values carry "planted", so that a test
// can look for them where they must not be.
func nativeBody(externalID string) string {
	return `{"externalID":"` + externalID + `","items":[{"productID":"B000000001","quantity":1}],
 "shippingAddress":{"firstName":"planted-first","lastName":"planted-last","line1":"planted-street","city":"planted-city","state":"TX","postalCode":"78701","country":"US","phone":"+15125550100"},
 "customer":{"id":"c-1","email":"planted@example.com"},"total":{"currency":"USD","amountCents":2599}}`
}

// harness is a server on a fake API server, a clock and captured records.
type harness struct {
	t       *testing.T
	client  client.WithWatch
	server  *Server
	http    *httptest.Server
	metrics *telemetry.Metrics

	mu         sync.Mutex
	now        time.Time
	log        bytes.Buffer
	deliveries []ledger.Delivery
	hints      []callback.Hint
}

func testScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

func newMetrics(t *testing.T) *telemetry.Metrics {
	t.Helper()
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newHarness(t *testing.T, faults interceptor.Funcs, objects ...client.Object) *harness {
	t.Helper()
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(objects...).WithInterceptorFuncs(faults).Build()
	return newHarnessOn(t, c, nil)
}

func newHarnessOn(t *testing.T, c client.WithWatch, change func(*Options)) *harness {
	t.Helper()
	h := &harness{t: t, client: c, now: begin, metrics: newMetrics(t)}
	o := Options{
		Client: c, Reader: c, Metrics: h.metrics, Now: h.clock, Deliveries: h, DrainDelay: -1,
		Secrets: secrets.NewReader(c, 0, h.clock),
		Hints: func(hint callback.Hint) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.hints = append(h.hints, hint)
		},
		Log: funcr.NewJSON(func(line string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.log.WriteString(line + "\n")
		}, funcr.Options{}),
	}
	if change != nil {
		change(&o)
	}
	server, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.server = server
	h.http = httptest.NewServer(server.Handler())
	t.Cleanup(h.http.Close)
	return h
}

func (h *harness) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *harness) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// Record implements DeliveryLog.
func (h *harness) Record(d ledger.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deliveries = append(h.deliveries, d)
}

// records waits for n rows: a row is written after its answer has been sent.
func (h *harness) records(n int) []ledger.Delivery {
	h.t.Helper()
	var got []ledger.Delivery
	eventually(h.t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		got = append([]ledger.Delivery(nil), h.deliveries...)
		return len(got) >= n
	})
	return got
}

func (h *harness) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// eventually polls until it holds, with a deadline.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("did not come true in time")
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// reply is what a sender sees.
type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (h *harness) send(change func(*http.Request), path, body string) reply {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, h.http.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(req)
	}
	noRedirect := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := noRedirect.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	_ = json.Unmarshal(raw, &r.json)
	checkExchange(h.t, req, r)
	return r
}

// deliver sends a signed webhook.
func (h *harness) deliver(path, body string) reply {
	h.t.Helper()
	return h.send(signedBy(h.t, signingSecret, h.clock(), body), path, body)
}

func signedBy(t *testing.T, secret string, at time.Time, body string) func(*http.Request) {
	t.Helper()
	return signedAs(t, "msg_1", secret, at, body)
}

func signedAs(t *testing.T, id, secret string, at time.Time, body string) func(*http.Request) {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := wh.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) {
		r.Header.Set("webhook-id", id)
		r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		r.Header.Set("webhook-signature", signature)
	}
}

// wantProblem checks an answer against its promise.
func wantProblem(t *testing.T, r reply, status int, slug string) {
	t.Helper()
	if r.status != status || r.json["type"] != problemBase+slug || r.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("answer %d %s, want %d %s", r.status, r.body, status, slug)
	}
	if r.json["requestID"] == "" || r.json["requestID"] != r.header.Get("X-Request-Id") || r.json["status"] != float64(status) || r.json["title"] == "" {
		t.Errorf("problem is incomplete: %s", r.body)
	}
	if status == http.StatusServiceUnavailable && r.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
}

func webhookSource(name string, change func(*v1alpha1.WebhookSource)) *v1alpha1.WebhookSource {
	s := &v1alpha1.WebhookSource{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec: v1alpha1.WebhookSourceSpec{
			Auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks,
				SecretRefs: []v1alpha1.SecretKeyReference{{Name: "keys", Key: "signing"}}},
			AccountRef: v1alpha1.LocalReference{Name: "main"},
		},
	}
	if change != nil {
		change(s)
	}
	return s
}

func keySecret() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "keys"}, Data: map[string][]byte{
		"signing": []byte(signingSecret), "other": []byte(otherSecret), "bearer": []byte(bearerToken),
		"short": []byte("short"), "empty": {},
	}}
}
