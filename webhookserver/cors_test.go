package webhookserver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const page = "https://shop.example"

func fromPages(s *v1alpha1.WebhookSource) {
	s.Spec.CORS = &v1alpha1.CORS{AllowedOrigins: []string{page, "http://localhost:3000"}, MaxAgeSeconds: ptr.To[int32](60)}
}

// ask is the preflight of a browser.
func ask(origin, method string, headers ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Method = http.MethodOptions
		r.Header = http.Header{"Origin": {origin}, "Access-Control-Request-Method": {method}}
		if len(headers) > 0 {
			r.Header["Access-Control-Request-Headers"] = []string{strings.Join(headers, ",")}
		}
	}
}

// wantNoCORS checks that a browser gets to see nothing.
func wantNoCORS(t *testing.T, r reply) {
	t.Helper()
	for name := range r.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s", name, r.header.Get(name))
		}
	}
}

func TestPreflights(t *testing.T) {
	all := []string{"content-type", "webhook-id", "webhook-signature", "webhook-timestamp", "x-request-id"}
	for reason, tc := range map[string]struct {
		change  func(*http.Request)
		headers bool // all that were asked for are granted
	}{
		"a page that is known":               {ask(page, "POST", all...), true},
		"one with the older names":           {ask(page, "POST", "content-type", "svix-id", "svix-signature", "svix-timestamp"), true},
		"another one, without headers":       {ask("http://localhost:3000", "POST"), true},
		"a header that no sender needs":      {ask(page, "POST", "content-type", "x-other"), false},
		"a header of another scheme":         {ask(page, "POST", "authorization"), false},
		"headers of which a wildcard is one": {ask(page, "POST", "*"), false},
	} {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, webhookSource("web", fromPages), keySecret())
			r := h.send(tc.change, webPath, "")
			if r.status != http.StatusNoContent || r.body != "" || !strings.Contains(r.header.Get("Vary"), "Origin") {
				t.Errorf("answer %d %q, Vary %q", r.status, r.body, r.header.Get("Vary"))
			}
			if got := r.header.Get("Access-Control-Allow-Headers"); tc.headers == (got == "") && !strings.Contains(reason, "without") {
				t.Errorf("allowed headers %q", got)
			}
			origin := r.header.Get("Access-Control-Allow-Origin")
			if origin != page && origin != "http://localhost:3000" || r.header.Get("Access-Control-Allow-Methods") != "POST" ||
				r.header.Get("Access-Control-Max-Age") != "60" || len(r.header["Vary"]) != 1 || r.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("headers %v", r.header)
			}
			if row := h.records(1)[0]; row.Outcome != "preflight" || row.Source != "web" || row.Method != http.MethodOptions {
				t.Errorf("row %+v", row)
			}
		})
	}
}

func TestOriginsThatASourceDoesNotKnowAreRefused(t *testing.T) {
	for reason, origins := range map[string][]string{
		"another host":           {"https://evil.example"},
		"another scheme":         {"http://shop.example"},
		"another port":           {"https://shop.example:8443"},
		"a host within":          {"https://shop.example.evil.example"},
		"a host below":           {"https://www.shop.example"},
		"a page of no origin":    {"null"},
		"nothing":                {""},
		"another case":           {"https://SHOP.example"},
		"a wildcard":             {"*"},
		"a slash behind":         {page + "/"},
		"two origins":            {page, "https://evil.example"},
		"two origins in one":     {page + " https://evil.example"},
		"two origins, reordered": {"https://evil.example", page},
	} {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, webhookSource("web", fromPages), keySecret())
			sign := signedBy(t, signingSecret, begin, nativeBody("A-1"))
			post := h.send(func(r *http.Request) { sign(r); r.Header["Origin"] = origins }, webPath, nativeBody("A-1"))
			flight := h.send(func(r *http.Request) { ask("", "POST")(r); r.Header["Origin"] = origins }, webPath, "")
			for _, r := range []reply{post, flight} {
				wantProblem(t, r, http.StatusForbidden, "origin-refused")
				wantNoCORS(t, r)
			}
			if got := orders(t, h.client); len(got) != 0 {
				t.Errorf("%d orders", len(got))
			}
			h.records(2)
			if got := testutil.ToFloat64(h.metrics.SecurityEvents.WithLabelValues(eventOriginRefused, "shop/web")); got != 2 {
				t.Errorf("%v events, want 2", got)
			}
		})
	}
}

func TestAKnownPageReadsEveryAnswer(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		fromPages(s)
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 6000, Burst: 100, PerClientPerMinute: 3}
	}), keySecret())
	sign := signedBy(t, signingSecret, begin, nativeBody("A-1"))
	from := func(r *http.Request) { sign(r); r.Header.Set("Origin", page) }
	for i, want := range []int{http.StatusAccepted, http.StatusUnsupportedMediaType, http.StatusUnauthorized, http.StatusTooManyRequests} {
		r := h.send(func(r *http.Request) {
			from(r)
			switch i {
			case 1:
				r.Header.Set("Content-Type", "text/plain")
			case 2:
				r.Header.Set("Webhook-Signature", "v1,x")
			}
		}, webPath, nativeBody("A-1"))
		if i == 2 { // its headers were refused before it was counted
			h.send(from, webPath, nativeBody("A-1"))
		}
		if r.status != want || r.header.Get("Access-Control-Allow-Origin") != page || r.header.Get("Vary") != "Origin" ||
			r.header.Get("Access-Control-Expose-Headers") != "X-Request-Id, Retry-After, Ratelimit, Ratelimit-Policy" {
			t.Errorf("answer %d %v, want %d", r.status, r.header, want)
		}
	}
	wantProblem(t, h.send(ask(page, "POST"), webPath, ""), http.StatusTooManyRequests, "rate-limited") // preflights count
}

// TestAKnownPageReadsThatItsSourceIsSuspended: a page that is told nothing takes it
// for a fault of the network.
func TestAKnownPageReadsThatItsSourceIsSuspended(t *testing.T) {
	suspended := func(s *v1alpha1.WebhookSource) { fromPages(s); s.Spec.Suspend = true }
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", suspended), keySecret())
	if r := h.send(ask(page, "POST", "content-type"), webPath, ""); r.status != http.StatusNoContent || r.header.Get("Access-Control-Allow-Origin") != page {
		t.Errorf("the preflight is answered %d with %v", r.status, r.header)
	}
	r := h.send(func(r *http.Request) { r.Header.Set("Origin", page) }, webPath, "{}")
	if r.status != http.StatusServiceUnavailable || r.header.Get("Access-Control-Allow-Origin") != page || r.header.Get("Retry-After") == "" {
		t.Errorf("answered %d with %v", r.status, r.header)
	}
	wantNoCORS(t, h.send(func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, webPath, "{}"))
}

func TestSendersThatAreNoBrowsersNeedNoOrigin(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", fromPages), keySecret())
	r := h.deliver(webPath, nativeBody("A-1"))
	if r.status != http.StatusAccepted || r.header.Get("Vary") != "Origin" {
		t.Errorf("%d %v", r.status, r.header)
	}
	wantNoCORS(t, r)
}

func TestWithoutCORSThereIsNone(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	flight := h.send(ask(page, "POST"), webPath, "")
	wantProblem(t, flight, http.StatusMethodNotAllowed, "method-not-allowed")
	sign := signedBy(t, signingSecret, begin, nativeBody("A-1"))
	post := h.send(func(r *http.Request) { sign(r); r.Header.Set("Origin", page) }, webPath, nativeBody("A-1"))
	if post.status != http.StatusAccepted || post.header.Get("Vary") != "" {
		t.Errorf("%d %v", post.status, post.header)
	}
	wantNoCORS(t, flight)
	wantNoCORS(t, post)
	wantNoCORS(t, h.send(ask(page, "POST"), "/callbacks/v2/shop/main", ""))
}

func TestPreflightsForOtherMethodsAreNotAllowed(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", fromPages), keySecret())
	for _, change := range []func(*http.Request){func(r *http.Request) { r.Method = http.MethodOptions }, ask(page, "GET"), ask(page, "DELETE"), ask(page, "post")} {
		r := h.send(change, webPath, "")
		wantProblem(t, r, http.StatusMethodNotAllowed, "method-not-allowed")
		wantNoCORS(t, r)
	}
}

func TestChangedCORSCountsAtOnce(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		fromPages(s)
		s.UID, s.Generation = "u-1", 1
	}), keySecret())
	const other = "https://other.example"
	change := func(do func(*v1alpha1.WebhookSource)) {
		var s v1alpha1.WebhookSource
		if err := h.client.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "web"}, &s); err != nil {
			t.Fatal(err)
		}
		s.Generation++
		do(&s)
		if err := h.client.Update(t.Context(), &s); err != nil {
			t.Fatal(err)
		}
	}
	want := func(origin string, status int) {
		t.Helper()
		if r := h.send(ask(origin, "POST"), webPath, ""); r.status != status {
			t.Errorf("%s: %d %s, want %d", origin, r.status, r.body, status)
		}
	}
	want(page, 204)
	want(other, 403)
	change(func(s *v1alpha1.WebhookSource) { s.Spec.CORS.AllowedOrigins = []string{other} })
	want(page, 403)
	want(other, 204)
	change(func(s *v1alpha1.WebhookSource) { s.Spec.CORS = nil })
	want(other, 405)
}

func TestEachSchemeHasItsHeaders(t *testing.T) {
	for reason, tc := range map[string]struct {
		auth   v1alpha1.WebhookAuth
		header string
	}{
		"bearer": {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthBearer}, "authorization"},
		"stripe": {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStripe}, "stripe-signature"},
		"hmac": {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC,
			HMAC: &v1alpha1.HMACScheme{Header: "X-Shop-Signature", TimestampHeader: "X-Shop-Time"}}, "x-shop-signature,x-shop-time"},
		"hmac without a time": {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC,
			HMAC: &v1alpha1.HMACScheme{Header: "X-Shop-Signature"}}, "x-shop-signature"},
	} {
		t.Run(reason, func(t *testing.T) {
			src := webhookSource("web", fromPages)
			src.Spec.Auth = tc.auth
			h := newHarness(t, interceptor.Funcs{}, src, keySecret())
			if r := h.send(ask(page, "POST", tc.header), webPath, ""); r.header.Get("Access-Control-Allow-Headers") != tc.header {
				t.Errorf("%d %s %v", r.status, r.body, r.header)
			}
			if r := h.send(ask(page, "POST", "webhook-id"), webPath, ""); r.header.Get("Access-Control-Allow-Headers") != "" {
				t.Errorf("another scheme's header is allowed: %v", r.header)
			}
		})
	}
}
