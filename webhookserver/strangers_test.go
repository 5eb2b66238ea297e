package webhookserver

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// free is a request that costs its sender nothing: no secret has to be known.
type free struct {
	method, path string
	change       func(*http.Request)
}

// freeRequests are of all kinds, to the sources of strangersSources.
func freeRequests() map[string]free {
	origin := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	return map[string]free{
		"an unknown path":                    {"POST", "/nothing", nil},
		"an unknown path of another method":  {"GET", "/nothing", nil},
		"an unknown source":                  {"POST", "/webhooks/shop/none", nil},
		"a preflight for an unknown source":  {"OPTIONS", "/webhooks/shop/none", nil},
		"an unknown source, another method":  {"GET", "/webhooks/none/none", nil},
		"a source by another method":         {"GET", webPath, nil},
		"a callback by another method":       {"GET", "/callbacks/v1/shop/main/zo-1", nil},
		"a callback v2 by another method":    {"PUT", "/callbacks/v2/shop/main", nil},
		"too many header fields":             {"POST", webPath, func(r *http.Request) { r.Header["X-Many"] = make([]string, maxHeaderFields+1) }},
		"an origin that is not known":        {"POST", webPath, origin},
		"a preflight of such an origin":      {"OPTIONS", webPath, func(r *http.Request) { ask("https://evil.example", "POST")(r) }},
		"a preflight of a known page":        {"OPTIONS", webPath, func(r *http.Request) { ask(page, "POST")(r) }},
		"a preflight for another method":     {"OPTIONS", webPath, func(r *http.Request) { ask(page, "GET")(r) }},
		"a preflight where no browser posts": {"OPTIONS", "/webhooks/shop/plain", func(r *http.Request) { ask(page, "POST")(r) }},
		"a source that is suspended":         {"POST", "/webhooks/shop/suspended", nil},
		"no signature":                       {"POST", webPath, nil},
		"another media type":                 {"POST", webPath, header("Content-Type", "text/plain")},
		"no callback token":                  {"POST", "/callbacks/v1/shop/main/zo-1", nil},
		"no callback signature":              {"POST", "/callbacks/v2/shop/main", nil},
	}
}

// strangersServer has a source for browsers, one that is suspended and a plain one.
func strangersServer(t *testing.T, change func(*Options), rate func(*v1alpha1.WebhookSource)) *harness {
	t.Helper()
	with := func(more func(*v1alpha1.WebhookSource)) func(*v1alpha1.WebhookSource) {
		return func(s *v1alpha1.WebhookSource) {
			rate(s)
			more(s)
		}
	}
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(webhookSource("web", with(fromPages)),
		webhookSource("plain", rate), webhookSource("suspended", with(func(s *v1alpha1.WebhookSource) { s.Spec.Suspend = true })), keySecret()).Build()
	return newHarnessOn(t, c, change)
}

// ask sends a request by the handler alone, as if from an address.
func (f free) ask(h *harness, from string) int {
	r := httptest.NewRequest(f.method, f.path, strings.NewReader("{}"))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(from), 1).String()
	r.Header.Set("Content-Type", "application/json")
	if f.change != nil {
		f.change(r)
	}
	w := httptest.NewRecorder()
	h.server.Handler().ServeHTTP(w, r)
	return w.Code
}

func TestNothingThatIsFreePushesOutTheRowsOfSenders(t *testing.T) {
	for reason, f := range freeRequests() {
		t.Run(reason, func(t *testing.T) {
			m := newMetrics(t)
			w := NewDeliveryWriter(func(context.Context, []ledger.Delivery) error { return ledger.ErrUnavailable }, m, logr.Discard())
			h := strangersServer(t, func(o *Options) { o.Deliveries, o.Log = w, logr.Discard() }, func(*v1alpha1.WebhookSource) {})
			for i := range cap(w.queue) + 100 {
				f.ask(h, fmt.Sprintf("192.0.%d.%d", i>>8, i&255))
			}
			scanned := len(w.queue)
			if r := h.deliver(webPath, nativeBody("A-1")); r.status != http.StatusAccepted {
				t.Fatalf("%d %s", r.status, r.body)
			}
			eventually(t, func() bool {
				return len(w.queue) != scanned || testutil.ToFloat64(m.DeliveriesDropped) == 0 || scanned == cap(w.queue)
			})
			if scanned > cap(w.queue)/2 || len(w.queue) != scanned+1 {
				t.Errorf("%d rows of strangers in a queue of %d; %d with the sender's", scanned, cap(w.queue), len(w.queue))
			}
		})
	}
}

func TestEachKindOfFreeRequestIsLimited(t *testing.T) {
	for reason, f := range freeRequests() {
		t.Run(reason, func(t *testing.T) {
			h := strangersServer(t, nil, limited(600, 5, 5))
			const tries = 2000
			statuses := map[int]int{}
			for range tries {
				statuses[f.ask(h, "192.0.2.1")]++
			}
			lines := strings.Count(h.logged(), "\n")
			if passed := tries - statuses[http.StatusTooManyRequests]; passed > 300 || lines != tries || len(h.records(1)) != tries {
				t.Errorf("answers %v, %d lines, %d rows", statuses, lines, len(h.records(1)))
			}
			counted := 0.0
			for _, source := range []string{"", "shop/web", "shop/plain", "shop/suspended"} {
				counted += testutil.ToFloat64(h.metrics.SecurityEvents.WithLabelValues(eventRateLimited, source))
			}
			if int(counted) != statuses[http.StatusTooManyRequests] {
				t.Errorf("%v events of %d refusals", counted, statuses[http.StatusTooManyRequests])
			}
			before := f.ask(h, "198.51.100.1") // another client is not touched
			if before == http.StatusTooManyRequests {
				t.Error("another client is limited too")
			}
		})
	}
}

func TestStrangersDoNotUseUpWhatASenderHas(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", limited(600, 5, 600)), keySecret())
	scan := free{method: "GET", path: webPath}
	for range 1000 {
		scan.ask(h, "127.0.0.1") // the sender's own address, behind a proxy that nobody has named
	}
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != http.StatusAccepted {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// A page that is told nothing takes it for a fault of the network.
func TestAKnownPageReadsThatItIsTooFastForASuspendedSource(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		fromPages(s)
		limited(600, 1, 1)(s)
		s.Spec.Suspend = true
	}), keySecret())
	for _, want := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests} {
		r := h.send(func(r *http.Request) { r.Header.Set("Origin", page) }, webPath, "{}")
		if r.status != want || r.header.Get("Access-Control-Allow-Origin") != page || r.header.Get("Retry-After") == "" {
			t.Errorf("answered %d with %v, want %d", r.status, r.header, want)
		}
	}
	stranger := h.send(func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, webPath, "{}")
	wantProblem(t, stranger, http.StatusTooManyRequests, "rate-limited")
	wantNoCORS(t, stranger)
}

func TestLimitsOfStrangersAreBoundedInNumber(t *testing.T) {
	h := strangersServer(t, func(o *Options) { o.Log, o.Deliveries = logr.Discard(), nil }, func(*v1alpha1.WebhookSource) {})
	for i := range maxTrackedClients + 500 {
		free{method: "GET", path: "/nothing"}.ask(h, fmt.Sprintf("10.1.%d.%d", i>>8, i&255))
	}
	if n := h.server.vain.Len(); n != maxTrackedClients {
		t.Errorf("%d clients are kept", n)
	}
}
