package webhookserver

import (
	"net/http"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// tricks are targets that another server may read in another way than we do.
func tricks() map[string]string {
	return map[string]string{
		"an encoded slash":                 "POST /webhooks/shop%2Fweb",
		"an encoded slash in a source":     "POST /webhooks/shop/in%2Forders",
		"an encoded slash, twice":          "POST /webhooks/shop/in%252Forders",
		"an encoded letter":                "POST /webhooks/shop/w%65b",
		"an encoded dot segment":           "POST /webhooks/shop/x/%2e%2e/web",
		"an encoded null":                  "POST /webhooks/shop/web%00",
		"an encoded line":                  "POST /webhooks/shop/web%0d%0aX:y",
		"a bad encoding of a letter":       "POST /webhooks/shop/%C0%AFweb",
		"dots":                             "POST /webhooks/other/../shop/web",
		"a dot":                            "POST /webhooks/./shop/web",
		"dots above the root":              "POST /../webhooks/shop/web",
		"dots at the end":                  "POST /webhooks/shop/web/x/..",
		"slashes twice":                    "POST /webhooks/shop//web",
		"slashes twice at the front":       "POST //webhooks/shop/web",
		"a slash at the end":               "POST /webhooks/shop/web/",
		"a backslash":                      `POST /webhooks/shop\web`,
		"a parameter":                      "POST /webhooks/shop/web;x=y",
		"another case":                     "POST /Webhooks/shop/web",
		"a whole URL":                      "POST http://endpoint/webhooks/shop/web",
		"a whole URL of another host":      "POST http://other/webhooks/shop/web",
		"a whole URL of another scheme":    "POST gopher://other/webhooks/shop/web",
		"an asterisk":                      "POST *",
		"options of the server":            "OPTIONS *",
		"a tunnel":                         "CONNECT endpoint:443",
		"a tunnel to a source":             "CONNECT /webhooks/shop/web",
		"a trace":                          "TRACE /webhooks/shop/web",
		"a trace of nothing":               "TRACE /",
		"a method of our own":              "POKE /webhooks/shop/web",
		"a lower-case method":              "post /webhooks/shop/web",
		"a method that is overridden":      "GET /webhooks/shop/web?_method=POST",
		"health by another method":         "POST /healthz",
		"health with a slash":              "GET /healthz/",
		"a callback without an order":      "POST /callbacks/v1/shop/main",
		"a callback with an encoded slash": "POST /callbacks/v1/shop/main%2Fzo-1",
		"a callback with dots":             "POST /callbacks/v1/shop/../shop/main/zo-1",
		"an unknown version":               "POST /callbacks/v3/shop/main",
	}
}

func TestPathTricksReachNothing(t *testing.T) {
	nested := webhookSource("nested", func(s *v1alpha1.WebhookSource) { s.Spec.Path = "in/orders" })
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(webhookSource("web", nil), nested, keySecret()).Build()
	h := newHarnessOn(t, c, func(o *Options) { o.Addr = "127.0.0.1:0" })
	h.listen(t)
	for reason, line := range tricks() {
		t.Run(reason, func(t *testing.T) {
			raw := strings.Replace(message(t, begin, nativeBody("A-1"), "Connection: close"), "POST "+webPath, line, 1)
			got := answers(t, h, raw)
			if len(got) != 1 {
				t.Fatalf("%d answers", len(got))
			}
			slug := "not-found"
			if got[0].status == http.StatusMethodNotAllowed {
				slug = "method-not-allowed"
			} else if got[0].status == http.StatusBadRequest && got[0].json == nil {
				return // net/http could not read it
			}
			wantProblem(t, got[0], got[0].status, slug)
			if got[0].header.Get("Location") != "" {
				t.Errorf("redirected to %s", got[0].header.Get("Location"))
			}
		})
	}
	if got := orders(t, h.client); len(got) != 0 {
		t.Errorf("%d orders were made", len(got))
	}
	if r := h.deliver("/webhooks/shop/in/orders", nativeBody("A-1")); r.status != http.StatusAccepted {
		t.Errorf("the source itself: %d %s", r.status, r.body)
	}
	if strings.Contains(h.logged(), "panic") {
		t.Error(h.logged())
	}
}

func TestQueriesAreIgnoredAndNotLogged(t *testing.T) {
	h, _ := listening(t, nil, nil)
	for _, path := range []string{webPath, "/webhooks/shop/none", "/callbacks/v2/shop/main"} {
		h.deliver(path+"?token=planted&webhook-id=planted", nativeBody("A-1"))
	}
	h.records(3)
	if len(orders(t, h.client)) != 1 || strings.Contains(h.logged(), "planted") {
		t.Errorf("log: %s", h.logged())
	}
}

func TestHeadersAreBoundedInNumberAndSize(t *testing.T) {
	h, _ := listening(t, nil, nil)
	many := make([]string, 0, maxHeaderFields)
	for range maxHeaderFields {
		many = append(many, "X-A: b")
	}
	got := answers(t, h, message(t, begin, nativeBody("A-1"), append(many, "Connection: close")...))
	if len(got) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	wantProblem(t, got[0], http.StatusRequestHeaderFieldsTooLarge, "too-many-headers")
	got = answers(t, h, message(t, begin, nativeBody("A-1"), "X-Long: "+strings.Repeat("a", 2*maxHeaderBytes)))
	if len(got) != 1 || got[0].status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("answers to a long header: %+v", got)
	}
	if n := len(orders(t, h.client)); n != 0 {
		t.Errorf("%d orders", n)
	}
}
