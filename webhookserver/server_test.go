package webhookserver_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
	"github.com/zma-operator/zma-operator/webhookserver"
)

// endpoint is a shop of its own at a server of its own.
type endpoint struct {
	t          *testing.T
	namespace  string
	url        string
	sender     *shop.Sender
	deliveries *deliveries
	hints      *hints
	logs       *bytes.Buffer
	logged     sync.Mutex
}

// deliveries keeps the delivery log.
type deliveries struct {
	mu   sync.Mutex
	rows []ledger.Delivery
}

func (d *deliveries) Record(row ledger.Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rows = append(d.rows, row)
}

func (d *deliveries) last() ledger.Delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rows) == 0 {
		return ledger.Delivery{}
	}
	return d.rows[len(d.rows)-1]
}

type hints struct {
	mu   sync.Mutex
	seen []callback.Hint
}

func (h *hints) send(hint callback.Hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, hint)
}

func (h *hints) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.seen)
}

func newEndpoint(t *testing.T, changes ...func(*v1alpha1.WebhookSource)) *endpoint {
	t.Helper()
	e := &endpoint{t: t, namespace: "w-" + strings.ToLower(rand.Text()[:10]), deliveries: &deliveries{}, hints: &hints{}, logs: &bytes.Buffer{}}
	setup := shop.Setup{Namespace: e.namespace, ProviderURL: "http://127.0.0.1:1", ProviderToken: "t", PollInterval: time.Hour, CallbackURL: "http://127.0.0.1:1"}
	secret, err := setup.Apply(t.Context(), api)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		var s v1alpha1.WebhookSource
		if err := api.Get(t.Context(), types.NamespacedName{Namespace: e.namespace, Name: shop.SourceName}, &s); err != nil {
			t.Fatal(err)
		}
		change(&s)
		if err := api.Update(t.Context(), &s); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(e.server(t, api).Handler())
	t.Cleanup(server.Close)
	e.url = server.URL
	e.sender = &shop.Sender{URL: server.URL + setup.WebhookPath(), Secret: secret, HTTP: server.Client(), Now: time.Now}
	return e
}

func (e *endpoint) server(t *testing.T, c client.Client) *webhookserver.Server {
	t.Helper()
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	log := funcr.New(func(prefix, args string) {
		e.logged.Lock()
		defer e.logged.Unlock()
		fmt.Fprintln(e.logs, prefix, args)
	}, funcr.Options{})
	s, err := webhookserver.New(webhookserver.Options{
		Client: c, Reader: c, Secrets: secrets.NewReader(c, time.Minute, time.Now), Deliveries: e.deliveries,
		Hints: e.hints.send, Metrics: m, Log: log, Now: time.Now, CreateTimeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (e *endpoint) send(id string, body []byte) shop.Answer {
	e.t.Helper()
	a, err := e.sender.Send(context.Background(), id, body)
	if err != nil {
		e.t.Fatal(err)
	}
	return a
}

func (e *endpoint) orders() int {
	e.t.Helper()
	var list v1alpha1.ZMAOrderList
	if err := api.List(context.Background(), &list, client.InNamespace(e.namespace)); err != nil {
		e.t.Fatal(err)
	}
	return len(list.Items)
}

func order(id string) *shop.Order {
	return shop.NewOrder(id, shop.Item{ProductID: "B0EXAMPLE1", Quantity: 1, UnitPriceCents: 1000})
}

func TestAnAcceptedWebhookIsDurableAndComplete(t *testing.T) {
	e := newEndpoint(t)
	a := e.send("msg-1", order("1001").JSON())
	if a.Status != http.StatusAccepted || a.Order() != v1alpha1.OrderNameFor(shop.SourceName, "1001") {
		t.Fatalf("answered %d %s", a.Status, a.Body)
	}
	var o v1alpha1.ZMAOrder
	if err := api.Get(t.Context(), types.NamespacedName{Namespace: e.namespace, Name: a.Order()}, &o); err != nil {
		t.Fatal(err)
	}
	if len(o.Finalizers) != 1 || o.Annotations[v1alpha1.AnnotationPayloadHash] == "" || o.Annotations[v1alpha1.AnnotationRequestID] == "" {
		t.Errorf("finalizers %v, annotations %v", o.Finalizers, o.Annotations)
	}
	if o.Spec.AccountRef.Name != shop.AccountName || o.Spec.Source.ExternalID != "1001" || o.Spec.ShippingAddress.City != "Portland" {
		t.Errorf("spec = %+v", o.Spec)
	}
	if row := e.deliveries.last(); row.Status != http.StatusAccepted || row.OrderName != a.Order() || row.Source != shop.SourceName {
		t.Errorf("delivery log: %+v", row)
	}
}

// TestRefusals sends what must not become an order, and checks answer, problem
// type, and that nothing was made.
func TestRefusals(t *testing.T) {
	good := order("1001").JSON()
	replace := func(old, new string) []byte {
		out := bytes.Replace(good, []byte(old), []byte(new), 1)
		if bytes.Equal(out, good) {
			t.Fatalf("%s does not stand in %s", old, good)
		}
		return out
	}
	deep := bytes.Repeat([]byte("["), 200)
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
		status int
		slug   string
		says   string
	}{
		"another media type":           {good, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, "unsupported-media-type", ""},
		"a compressed body":            {good, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, "unsupported-media-type", ""},
		"a body that is too large":     {append(good, bytes.Repeat([]byte(" "), 300<<10)...), nil, 413, "body-too-large", ""},
		"no signature":                 {good, func(r *http.Request) { r.Header.Del("Webhook-Signature") }, 401, "unauthenticated", ""},
		"another message ID":           {good, func(r *http.Request) { r.Header.Set("Webhook-Id", "other") }, 401, "unauthenticated", ""},
		"another time":                 {good, func(r *http.Request) { r.Header.Set("Webhook-Timestamp", "1614265330") }, 401, "unauthenticated", ""},
		"an empty signature":           {good, func(r *http.Request) { r.Header.Set("Webhook-Signature", "v1,") }, 401, "unauthenticated", ""},
		"another method":               {good, func(r *http.Request) { r.Method = http.MethodPut }, 405, "method-not-allowed", ""},
		"a source that does not exist": {good, func(r *http.Request) { r.URL.Path += "x" }, 404, "not-found", ""},
		"a path with dots": {good, func(r *http.Request) {
			r.URL.Path = strings.Replace(r.URL.Path, "/webhooks/", "/webhooks/../webhooks/", 1)
		}, 404, "not-found", ""},
		"a body that is no JSON":    {[]byte("{"), nil, 400, "invalid-body", ""},
		"a body nested too deep":    {deep, nil, 400, "invalid-body", ""},
		"a field that nobody knows": {replace(`"quantity":1`, `"quantity":1,"qty":2`), nil, 400, "invalid-body", "qty"},
		"a field in other letters":  {replace(`"quantity":1`, `"Quantity":1`), nil, 400, "invalid-body", "Quantity"},
		"a field that stands twice": {replace(`"quantity":1`, `"quantity":1,"quantity":2`), nil, 400, "invalid-body", "quantity"},
		"a fraction of a cent":      {replace(`"unitPriceCents":1000`, `"unitPriceCents":10.5`), nil, 400, "invalid-body", "unitPriceCents"},
		"no external ID":            {replace(`"externalID":"1001",`, ``), nil, 400, "", "externalID"},
		"no address":                {replace(`"shippingAddress"`, `"shippingAddres"`), nil, 400, "invalid-body", "shippingAddres"},
		"a rule of the schema":      {replace(`"quantity":1`, `"quantity":1000`), nil, 400, "invalid-order", "quantity"},
		"a card number":             {replace(`"Ada"`, `"4111 1111 1111 1111"`), nil, 400, "card-data", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t)
			at := time.Now()
			signature, err := e.sender.Sign("msg-1", at, c.body)
			if err != nil {
				t.Fatal(err)
			}
			req := httptest.NewRequest(http.MethodPost, e.sender.URL, bytes.NewReader(c.body))
			req.RequestURI = ""
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Webhook-Id", "msg-1")
			req.Header.Set("Webhook-Timestamp", fmt.Sprint(at.Unix()))
			req.Header.Set("Webhook-Signature", signature)
			if c.change != nil {
				c.change(req)
			}
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			var p struct {
				Type      string `json:"type"`
				Status    int    `json:"status"`
				RequestID string `json:"requestID"`
			}
			if err := json.Unmarshal(body, &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" || p.RequestID == "" || p.Status != c.status {
				t.Errorf("the answer is no problem: %v %s", err, body)
			}
			if resp.StatusCode != c.status || !strings.HasSuffix(p.Type, c.slug) || !strings.Contains(string(body), c.says) {
				t.Errorf("answered %d %s, want %d %s naming %q", resp.StatusCode, body, c.status, c.slug, c.says)
			}
			if n := e.orders(); n != 0 {
				t.Errorf("%d orders were made", n)
			}
		})
	}
}

// TestConcurrentDuplicatesMakeOneOrder sends one order many times at once.
func TestConcurrentDuplicatesMakeOneOrder(t *testing.T) {
	e := newEndpoint(t)
	const senders = 20
	answers := make(chan shop.Answer, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			a, err := e.sender.Send(context.Background(), fmt.Sprintf("msg-%d", i), order("1001").JSON())
			if err == nil {
				answers <- a
			}
		})
	}
	wg.Wait()
	close(answers)
	created, repeated := 0, 0
	for a := range answers {
		switch a.Status {
		case http.StatusAccepted:
			created++
		case http.StatusOK:
			repeated++
		}
	}
	if created != 1 || repeated != senders-1 || e.orders() != 1 {
		t.Errorf("%d created, %d repeated, %d orders", created, repeated, e.orders())
	}
}

func TestTheSameIDWithAnotherPayloadIsAConflict(t *testing.T) {
	e := newEndpoint(t)
	e.send("msg-1", order("1001").JSON())
	other := order("1001")
	other.Items[0].Quantity = 2
	if a := e.send("msg-2", other.JSON()); a.Status != http.StatusConflict {
		t.Errorf("answered %d %s, want 409", a.Status, a.Body)
	}
	if a := e.send("msg-3", order("1001").JSON()); a.Status != http.StatusOK {
		t.Errorf("the first payload again is answered %d, want 200", a.Status)
	}
}

func TestRotatedSecretsBothWork(t *testing.T) {
	e := newEndpoint(t, func(s *v1alpha1.WebhookSource) {
		s.Spec.Auth.SecretRefs = append([]v1alpha1.SecretKeyReference{{Name: "zma-callback", Key: "2026-01"}}, s.Spec.Auth.SecretRefs...)
	})
	// The first secret is not one that this scheme can use; the second still is.
	if a := e.send("msg-1", order("1001").JSON()); a.Status != http.StatusAccepted {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
}

func TestASuspendedSourceAsksToSendLater(t *testing.T) {
	e := newEndpoint(t, func(s *v1alpha1.WebhookSource) { s.Spec.Suspend = true })
	if a := e.send("msg-1", order("1001").JSON()); a.Status != http.StatusServiceUnavailable || e.orders() != 0 {
		t.Errorf("answered %d with %d orders", a.Status, e.orders())
	}
}

// TestWhatCantBeCompiledIsNotServed keeps a filter or a mapping from being left
// out silently.
func TestWhatCantBeCompiledIsNotServed(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.WebhookSource){
		"an event filter": func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = "bdy.paid" },
		"a mapping": func(s *v1alpha1.WebhookSource) {
			s.Spec.Mapping = &v1alpha1.WebhookMapping{ExternalID: "1", Order: "1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, change)
			if a := e.send("msg-1", order("1001").JSON()); a.Status != http.StatusServiceUnavailable || e.orders() != 0 {
				t.Errorf("answered %d with %d orders", a.Status, e.orders())
			}
		})
	}
}

func TestRateLimitsAnswer429WithRetryAfter(t *testing.T) {
	e := newEndpoint(t, func(s *v1alpha1.WebhookSource) {
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 1, Burst: 1, PerClientPerMinute: 6000}
	})
	if a := e.send("msg-1", order("1001").JSON()); a.Status != http.StatusAccepted {
		t.Fatalf("the first is answered %d", a.Status)
	}
	body := order("1002").JSON()
	at := time.Now()
	signature, err := e.sender.Sign("msg-2", at, body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.sender.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", "msg-2")
	req.Header.Set("Webhook-Timestamp", fmt.Sprint(at.Unix()))
	req.Header.Set("Webhook-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

// TestNothingIsAcknowledgedWhileTheAPIServerIsAway stops the API server for a
// server that has read its source before.
func TestNothingIsAcknowledgedWhileTheAPIServerIsAway(t *testing.T) {
	e := newEndpoint(t)
	away := &unreachable{Client: api}
	server := httptest.NewServer(e.server(t, away).Handler())
	t.Cleanup(server.Close)
	sender := *e.sender
	sender.URL = server.URL + strings.TrimPrefix(e.sender.URL, e.url)
	if err := cluster.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	away.cached(e.namespace, sender.Secret)
	a, err := sender.Send(context.Background(), "msg-1", order("1001").JSON())
	if restart := cluster.StartAPIServer(context.Background()); restart != nil {
		t.Fatal(restart)
	}
	if err != nil || a.Status != http.StatusServiceUnavailable {
		t.Errorf("answered %d %s (%v), want 503", a.Status, a.Body, err)
	}
	if a := e.send("msg-1", order("1001").JSON()); a.Status != http.StatusAccepted || e.orders() != 1 {
		t.Errorf("once it is back, the repeat is answered %d", a.Status)
	}
}

func TestCallbacksNeedTheirToken(t *testing.T) {
	e := newEndpoint(t)
	keys, err := secrets.NewReader(api, time.Minute, time.Now).All(t.Context(), e.namespace, "zma-callback")
	if err != nil {
		t.Fatal(err)
	}
	claims := callback.Claims{Namespace: e.namespace, Account: shop.AccountName, Order: "zo-any", Attempt: 1, Expires: time.Now().Add(time.Hour)}
	urls, err := callback.URLs(e.url, "2026-01", keys["2026-01"], claims)
	if err != nil {
		t.Fatal(err)
	}
	post := func(url string) int {
		t.Helper()
		resp, err := http.Post(url, "application/json", strings.NewReader(`{"_type":"order_response"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := post(urls["request_succeeded"]); got != http.StatusOK || e.hints.count() != 1 {
		t.Errorf("a good token is answered %d with %d hints", got, e.hints.count())
	}
	if row := e.deliveries.last(); row.Hint.Order != "zo-any" || row.Status != http.StatusOK {
		t.Errorf("delivery log: %+v", row)
	}
	for name, url := range map[string]string{
		"no token":          e.url + "/callbacks/v1/" + e.namespace + "/" + shop.AccountName + "/zo-any",
		"another order":     strings.Replace(urls["request_succeeded"], "zo-any", "zo-other", 1),
		"another event":     strings.Replace(urls["request_succeeded"], "request_succeeded", "request_failed", 1),
		"another attempt":   strings.Replace(urls["request_succeeded"], "request_succeeded.1", "request_succeeded.2", 1),
		"another namespace": strings.Replace(urls["request_succeeded"], "/"+e.namespace+"/", "/other/", 1),
	} {
		if got := post(url); got != http.StatusUnauthorized {
			t.Errorf("%s is answered %d, want 401", name, got)
		}
	}
	if e.hints.count() != 1 {
		t.Errorf("forged callbacks gave %d hints", e.hints.count()-1)
	}
}

// TestNothingPersonalIsLogged plants values that stand out, lets requests succeed
// and fail, and looks for them.
func TestNothingPersonalIsLogged(t *testing.T) {
	e := newEndpoint(t)
	o := order("1001")
	o.ShippingAddress.FirstName, o.ShippingAddress.Line1, o.ShippingAddress.Phone = "Zebulon", "77 Planted Lane", "+15032239999"
	o.Customer["email"] = "planted@example.org"
	e.send("msg-1", o.JSON())
	o.Items[0].Quantity = 1000
	e.send("msg-2", o.JSON())
	e.sender.Secret = shop.NewSecret()
	e.send("msg-3", o.JSON())
	e.logged.Lock()
	defer e.logged.Unlock()
	logs := e.logs.String()
	if strings.Count(logs, "\n") < 3 {
		t.Fatalf("each request leaves a line; the log is %q", logs)
	}
	for _, planted := range []string{"Zebulon", "Planted", "5032239999", "planted@", "whsec_", "v1,", "127.0.0.1"} {
		if strings.Contains(logs, planted) {
			t.Errorf("the log holds %q:\n%s", planted, logs)
		}
	}
}
