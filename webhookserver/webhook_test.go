package webhookserver

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const webPath = "/webhooks/shop/web"

func orders(t *testing.T, c client.Client) []v1alpha1.ZMAOrder {
	t.Helper()
	var list v1alpha1.ZMAOrderList
	if err := c.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestADeliveryBecomesOneOrder(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	first := h.deliver(webPath, nativeBody("A-1"))
	again := h.deliver(webPath, nativeBody("A-1"))
	name := v1alpha1.OrderNameFor("web", "A-1")
	if first.status != 202 || first.json["order"] != name || first.json["namespace"] != "shop" {
		t.Errorf("first: %d %s", first.status, first.body)
	}
	if again.status != 200 || again.body != first.body {
		t.Errorf("repetition: %d %s, want 200 and the same body", again.status, again.body)
	}
	wantProblem(t, h.deliver(webPath, strings.Replace(nativeBody("A-1"), "78701", "78702", 1)), 409, "payload-conflict")
	got := orders(t, h.client)
	if len(got) != 1 || got[0].Name != name || got[0].Spec.ShippingAddress.PostalCode != "78701" {
		t.Errorf("orders: %+v", got)
	}
	if id := got[0].Annotations[v1alpha1.AnnotationRequestID]; id != first.header.Get("X-Request-Id") {
		t.Errorf("request ID %q of the order is not that of the answer", id)
	}
}

func TestRequestsAreRefusedForAStatedReason(t *testing.T) {
	body := nativeBody("A-1")
	cases := map[string]struct {
		source func(*v1alpha1.WebhookSource)
		path   string
		body   string
		change func(*http.Request)
		status int
		slug   string
	}{
		"an unknown source":               {path: "/webhooks/shop/none", status: 404, slug: "not-found"},
		"another namespace":               {path: "/webhooks/other/web", status: 404, slug: "not-found"},
		"no path":                         {path: "/webhooks/shop", status: 404, slug: "not-found"},
		"an empty path":                   {path: "/webhooks/shop/", status: 404, slug: "not-found"},
		"a slash at the end":              {path: webPath + "/", status: 404, slug: "not-found"},
		"slashes twice":                   {path: "/webhooks//shop/web", status: 404, slug: "not-found"},
		"dots":                            {path: "/webhooks/shop/x/../web", status: 404, slug: "not-found"},
		"somewhere else":                  {path: "/", status: 404, slug: "not-found"},
		"POST to health":                  {path: "/healthz", status: 404, slug: "not-found"},
		"GET":                             {change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405, slug: "method-not-allowed"},
		"a preflight":                     {change: func(r *http.Request) { r.Method = http.MethodOptions }, status: 405, slug: "method-not-allowed"},
		"a form":                          {change: header("Content-Type", "application/x-www-form-urlencoded"), status: 415, slug: "unsupported-media-type"},
		"no content type":                 {change: header("Content-Type", ""), status: 415, slug: "unsupported-media-type"},
		"another charset":                 {change: header("Content-Type", "application/json; charset=latin1"), status: 415, slug: "unsupported-media-type"},
		"a packed body":                   {change: header("Content-Encoding", "gzip"), status: 415, slug: "unsupported-media-type"},
		"a body too large":                {source: func(s *v1alpha1.WebhookSource) { s.Spec.MaxBodyBytes = 100 }, status: 413, slug: "body-too-large"},
		"a body too large, not announced": {source: func(s *v1alpha1.WebhookSource) { s.Spec.MaxBodyBytes = 100 }, change: func(r *http.Request) { r.ContentLength = -1 }, status: 413, slug: "body-too-large"},
		"a suspended source":              {source: func(s *v1alpha1.WebhookSource) { s.Spec.Suspend = true }, status: 503, slug: "source-suspended"},
		"a mapping of nothing":            {source: func(s *v1alpha1.WebhookSource) { s.Spec.Mapping = &v1alpha1.WebhookMapping{} }, status: 503, slug: "source-not-ready"},
		"a filter that can't be compiled": {source: func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = "bdy.paid" }, status: 503, slug: "source-not-ready"},
		"a filter without its field":      {source: func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = "body.paid" }, status: 400, slug: "mapping-failed"},
		"the scheme stripe":               {source: scheme(v1alpha1.AuthStripe), status: 401, slug: "unauthenticated"},
		"the scheme hmac without format":  {source: scheme(v1alpha1.AuthHMAC), status: 503, slug: "source-not-ready"},
		"no scheme":                       {source: scheme(""), status: 503, slug: "source-not-ready"},
		"no secret":                       {source: secretKeys("absent"), status: 503, slug: "source-not-ready"},
		"an empty secret":                 {source: secretKeys("empty"), status: 503, slug: "source-not-ready"},
		"a short secret":                  {source: secretKeys("short"), status: 503, slug: "source-not-ready"},
		"no reference to a secret":        {source: secretKeys(), status: 503, slug: "source-not-ready"},
		"another secret":                  {source: secretKeys("other"), status: 401, slug: "unauthenticated"},
		"no signature":                    {change: func(r *http.Request) { r.Header.Del("webhook-signature") }, status: 401, slug: "unauthenticated"},
		"an old signature":                {change: signedBy(t, signingSecret, begin.Add(-301*time.Second), body), status: 401, slug: "unauthenticated"},
		"a signature of another body":     {change: signedBy(t, signingSecret, begin, body+" "), status: 401, slug: "unauthenticated"},
		"a card number":                   {body: strings.Replace(body, "planted-street", "4111 1111 1111 1111", 1), status: 400, slug: "card-data"},
		"no JSON":                         {body: "planted", status: 400, slug: "invalid-body"},
		"no recipient address":            {body: strings.Replace(body, `"shippingAddress"`, `"billingAddress"`, 1), status: 400, slug: "invalid-body"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, webhookSource("web", tc.source), keySecret())
			if tc.body == "" {
				tc.body = body
			}
			if tc.path == "" {
				tc.path = webPath
			}
			sign := signedBy(t, signingSecret, begin, tc.body)
			r := h.send(func(r *http.Request) {
				sign(r)
				if tc.change != nil {
					tc.change(r)
				}
			}, tc.path, tc.body)
			if tc.status == 401 && r.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
			wantProblem(t, r, tc.status, tc.slug)
			if strings.Contains(r.body+h.logged(), "planted") {
				t.Errorf("personal data in the answer or the log:\n%s\n%s", r.body, h.logged())
			}
			if got := orders(t, h.client); len(got) != 0 {
				t.Errorf("a refused request left %d orders", len(got))
			}
		})
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func scheme(s v1alpha1.AuthScheme) func(*v1alpha1.WebhookSource) {
	return func(src *v1alpha1.WebhookSource) { src.Spec.Auth.Scheme = s }
}

func secretKeys(keys ...string) func(*v1alpha1.WebhookSource) {
	return func(src *v1alpha1.WebhookSource) {
		src.Spec.Auth.SecretRefs = nil
		for _, k := range keys {
			src.Spec.Auth.SecretRefs = append(src.Spec.Auth.SecretRefs, v1alpha1.SecretKeyReference{Name: "keys", Key: k})
		}
	}
}

func TestEverySecretOfARotationIsAcceptedAndCounted(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", secretKeys("absent", "other", "signing")), keySecret())
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != 202 {
		t.Errorf("signed with the last secret: %d %s", r.status, r.body)
	}
	body := nativeBody("A-2")
	if r := h.send(signedBy(t, otherSecret, begin, body), webPath, body); r.status != 202 {
		t.Errorf("signed with the one before: %d %s", r.status, r.body)
	}
	for secret, want := range map[string]float64{"keys/absent": 0, "keys/other": 1, "keys/signing": 1} {
		if got := testutil.ToFloat64(h.metrics.SecretMatches.WithLabelValues("shop/web", secret)); got != want {
			t.Errorf("matches of secret %s: %v, want %v", secret, got, want)
		}
	}
}

func TestBearerSourcesTakeTheirTokenOnly(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		s.Spec.Auth.Scheme = v1alpha1.AuthBearer
		s.Spec.Auth.SecretRefs[0].Key = "bearer"
	}), keySecret())
	wantProblem(t, h.deliver(webPath, nativeBody("A-1")), 401, "unauthenticated")
	wantProblem(t, h.send(header("Authorization", "Bearer "+bearerToken+"x"), webPath, nativeBody("A-1")), 401, "unauthenticated")
	if r := h.send(header("Authorization", "Bearer "+bearerToken), webPath, nativeBody("A-1")); r.status != 202 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if strings.Contains(h.logged(), bearerToken) {
		t.Error("the token is in the log")
	}
}

func TestAnOlderSourceKeepsItsPath(t *testing.T) {
	aged := func(age time.Duration, account string) func(*v1alpha1.WebhookSource) {
		return func(s *v1alpha1.WebhookSource) {
			s.CreationTimestamp = metav1.NewTime(begin.Add(-age))
			s.Spec.Path, s.Spec.AccountRef.Name = "in/orders", account
		}
	}
	h := newHarness(t, interceptor.Funcs{}, webhookSource("a", aged(time.Hour, "new")), webhookSource("b", aged(2*time.Hour, "old")), keySecret())
	if r := h.deliver("/webhooks/shop/in/orders", nativeBody("A-1")); r.status != 202 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if got := orders(t, h.client)[0].Spec; got.AccountRef.Name != "old" || got.Source.Name != "b" {
		t.Errorf("the newer source took over: %+v", got)
	}
}

func TestStrangersDoNotUseUpTheSendersShare(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 60, Burst: 2, PerClientPerMinute: 600}
	}), keySecret())
	wantProblem(t, h.send(nil, webPath, nativeBody("A-1")), 401, "unauthenticated")
	h.advance(time.Second / 2) // the client's share has grown back, the source's was not touched
	for _, id := range []string{"A-1", "A-2"} {
		if r := h.deliver(webPath, nativeBody(id)); r.status != 202 {
			t.Fatalf("%s: %d %s", id, r.status, r.body)
		}
		h.advance(time.Second / 10)
	}
	r := h.deliver(webPath, nativeBody("A-3"))
	wantProblem(t, r, 429, "rate-limited")
	if r.header.Get("Retry-After") != "1" || r.header.Get("RateLimit-Policy") != `"client";q=600;w=60, "source";q=60;w=60` || !strings.HasSuffix(r.header.Get("RateLimit"), `"source";r=0;t=1`) {
		t.Errorf("headers %v", r.header)
	}
	h.advance(time.Second)
	if r := h.deliver(webPath, nativeBody("A-3")); r.status != 202 {
		t.Errorf("after Retry-After: %d %s", r.status, r.body)
	}
}

func TestOneClientIsLimitedByItself(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 6000, Burst: 100, PerClientPerMinute: 2}
	}), keySecret())
	for range 2 {
		wantProblem(t, h.send(nil, webPath, nativeBody("A-1")), 401, "unauthenticated")
	}
	r := h.deliver(webPath, nativeBody("A-1"))
	wantProblem(t, r, 429, "rate-limited")
	if !strings.HasPrefix(r.header.Get("RateLimit"), `"client"`) {
		t.Errorf("RateLimit %q", r.header.Get("RateLimit"))
	}
}

func TestNothingIsAcknowledgedBeforeItIsStored(t *testing.T) {
	resource := schema.GroupResource{Group: "zma.dev", Resource: "zmaorders"}
	cases := map[string]error{
		"a time-out":                  apierrors.NewTimeoutError("planted", 1),
		"a server error":              apierrors.NewInternalError(errors.New("planted")),
		"throttled":                   apierrors.NewTooManyRequests("planted", 7),
		"over quota or without right": apierrors.NewForbidden(resource, "x", errors.New("planted")),
		"no connection":               errors.New("dial tcp: connection refused"),
		"the context's end":           context.DeadlineExceeded,
	}
	for reason, fault := range cases {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return fault }},
				webhookSource("web", nil), keySecret())
			r := h.deliver(webPath, nativeBody("A-1"))
			wantProblem(t, r, 503, "unavailable")
			if reason == "throttled" && r.header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After %q, the API server said 7", r.header.Get("Retry-After"))
			}
			if strings.Contains(r.body+h.logged(), "planted") {
				t.Errorf("the API server's message got out:\n%s\n%s", r.body, h.logged())
			}
		})
	}
}

func TestASecretThatCantBeReadIsNotAWrongSignature(t *testing.T) {
	down := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
		if _, ok := obj.(*corev1.Secret); ok {
			return errors.New("connection refused")
		}
		return c.Get(ctx, key, obj, opts...)
	}}
	h := newHarness(t, down, webhookSource("web", nil), keySecret())
	wantProblem(t, h.deliver(webPath, nativeBody("A-1")), 503, "unavailable")
}

func TestARepeatedOrderBeingDeletedIsNotOrderedAnew(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	h.deliver(webPath, nativeBody("A-1"))
	order := orders(t, h.client)[0]
	if err := h.client.Delete(t.Context(), &order); err != nil { // its finalizer keeps it
		t.Fatal(err)
	}
	h.advance(time.Second) // no replay
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestAnOrderThatVanishesWhileItIsComparedIsSentAgain(t *testing.T) {
	resource := schema.GroupResource{Group: "zma.dev", Resource: "zmaorders"}
	h := newHarness(t, interceptor.Funcs{Create: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.CreateOption) error {
		return apierrors.NewAlreadyExists(resource, o.GetName())
	}}, webhookSource("web", nil), keySecret())
	wantProblem(t, h.deliver(webPath, nativeBody("A-1")), 503, "unavailable")
}

func TestADefectInOneRequestIsAnswered(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
		panic("planted")
	}}, webhookSource("web", nil), keySecret())
	r := h.deliver(webPath, nativeBody("A-1"))
	wantProblem(t, r, 500, "internal")
	if strings.Contains(r.body+h.logged(), "planted") || !strings.Contains(h.logged(), "panic of type string") {
		t.Errorf("log: %s", h.logged())
	}
}

func TestRequestsUnderWayAreBounded(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	h := newHarness(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		entered <- struct{}{}
		<-release
		return c.Create(ctx, o, opts...)
	}}, webhookSource("web", nil), keySecret())
	h.server.slots = make(chan struct{}, 1)
	done := make(chan int)
	go func() { done <- h.deliver(webPath, nativeBody("A-1")).status }()
	<-entered
	wantProblem(t, h.deliver(webPath, nativeBody("A-2")), 503, "overloaded")
	close(release)
	if status := <-done; status != 202 {
		t.Errorf("the request under way got %d", status)
	}
}

func TestEveryRequestLeavesOneLineAndOneRow(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	h.deliver(webPath, nativeBody("planted-id"))
	h.send(header("X-Request-Id", "mine-1"), webPath, nativeBody("planted-id"))
	h.send(header("X-Request-Id", `bad id`), "/webhooks/planted-namespace/x", "")
	rows := h.records(3)
	ok, unsigned, unknown := rows[0], rows[1], rows[2]
	if ok.Outcome != "accepted" || ok.Category != categoryOK || ok.Status != 202 || ok.Namespace != "shop" || ok.Source != "web" ||
		ok.OrderName != v1alpha1.OrderNameFor("web", "planted-id") || ok.ExternalIDHash == "" || ok.WebhookID != "msg_1" ||
		ok.BodyBytes != int64(len(nativeBody("planted-id"))) || ok.ClientHash == "" || ok.Route != routeWebhook || ok.Method != "POST" {
		t.Errorf("row %+v", ok)
	}
	if unsigned.RequestID != "mine-1" || unsigned.Outcome != "unauthenticated" || unsigned.Category != categoryAuth || unsigned.WebhookID != "" || unsigned.OrderName != "" {
		t.Errorf("row %+v", unsigned)
	}
	if unknown.Namespace != "" || unknown.Source != "" || unknown.RequestID == "bad id" || unknown.RequestID == "" {
		t.Errorf("row %+v", unknown)
	}
	if log := h.logged(); strings.Count(log, "\n") != 3 || strings.Contains(log, "planted") || strings.Contains(log, "127.0.0.1") {
		t.Errorf("log:\n%s", log)
	}
	if got := testutil.ToFloat64(h.metrics.WebhookRequests.WithLabelValues(routeWebhook, "shop/web", "accepted")); got != 1 {
		t.Errorf("accepted requests counted: %v", got)
	}
}

// TestAMessageIDThatLooksLikeACardNumber is taken, since IDs are random, and kept
// nowhere.
func TestAMessageIDThatLooksLikeACardNumber(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	body := nativeBody("1001")
	r := h.send(signedAs(t, "msg_4242424242424242", signingSecret, h.clock(), body), webPath, body)
	if r.status != http.StatusAccepted {
		t.Fatalf("answer %d %s", r.status, r.body)
	}
	if row := h.records(1)[0]; row.WebhookID != withheld || row.SecurityEvent != "" {
		t.Errorf("row %+v", row)
	}
	if strings.Contains(h.logged(), "4242") {
		t.Errorf("log:\n%s", h.logged())
	}
}
