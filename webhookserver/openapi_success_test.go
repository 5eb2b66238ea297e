package webhookserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/openapi"
)

// TestEveryDocumentedSuccessIsGiven gets each answer that is no problem from a
// server. The harness holds all of them against the document.
func TestEveryDocumentedSuccessIsGiven(t *testing.T) {
	given := map[string]bool{}
	ask := func(h *harness, template string, change func(*http.Request), path, body string) reply {
		t.Helper()
		method := http.MethodPost
		r := h.send(func(r *http.Request) {
			if change != nil {
				change(r)
			}
			method = r.Method
		}, path, body)
		given[fmt.Sprintf("%s %s %d", method, template, r.status)] = true
		return r
	}

	const webhooks = "/webhooks/{namespace}/{path}"
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		s.Spec.Path = "web/orders"
		s.Spec.CORS = &v1alpha1.CORS{AllowedOrigins: []string{"https://shop.example"}}
	}), keySecret())
	body, path := nativeBody("A-1"), "/webhooks/shop/web/orders"
	ask(h, webhooks, signedBy(t, signingSecret, begin, body), path, body)
	ask(h, webhooks, signedBy(t, signingSecret, begin, body), path, body)
	ask(h, webhooks, func(r *http.Request) {
		r.Method = http.MethodOptions
		r.Header.Set("Origin", "https://shop.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
	}, path, "")

	h = newHarness(t, interceptor.Funcs{}, callbackObjects()...)
	path, auth := callbackURL(t, "k1", callbackKey, "case_updated", nil)
	ask(h, "/callbacks/v1/{namespace}/{account}/{order}", auth, path, "{}")
	h = newHarness(t, interceptor.Funcs{}, v2Objects()...)
	ask(h, "/callbacks/v2/{namespace}/{account}", v2Signed(v2Secret, v2Body), v2Path, v2Body)

	get := func(r *http.Request) { r.Method = http.MethodGet }
	ask(h, "/healthz", get, "/healthz", "")
	ask(h, "/readyz", get, "/readyz", "")
	h.server.started.Store(true)
	ask(h, "/readyz", get, "/readyz", "")
	for _, path := range []string{openapi.DocumentPath, openapi.SchemaPath} {
		etag := ask(h, path, get, path, "").header.Get("ETag")
		ask(h, path, func(r *http.Request) {
			get(r)
			r.Header.Set("If-None-Match", etag)
		}, path, "")
	}

	if diff := cmp.Diff(documentedSuccesses(t), given); diff != "" {
		t.Errorf("documented (-) and given (+) differ:\n%s", diff)
	}
}

// documentedSuccesses are all answers that are no problem documents.
func documentedSuccesses(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for template, item := range loadDocument(t).Paths.Map() {
		for method, operation := range item.Operations() {
			for status, answer := range operation.Responses.Map() {
				if answer.Value.Content["application/problem+json"] == nil {
					out[strings.Join([]string{method, template, status}, " ")] = true
				}
			}
		}
	}
	return out
}

// TestSeveralOrdersAndIgnoredEventsAreAsDocumented sends what is not answered
// with one order; the harness holds the answers against the document.
func TestSeveralOrdersAndIgnoredEventsAreAsDocumented(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		mapped(s)
		s.Spec.EventFilter = `body.id != "unwanted"`
	}), keySecret())
	if r := h.deliver(webPath, delivery("A-1", recipient("a", 1), recipient("b", 1))); r.status != 202 || r.json["orders"] == nil {
		t.Errorf("several: %d %s", r.status, r.body)
	}
	if r := h.deliver(webPath, delivery("unwanted", recipient("a", 1))); r.status != 200 || r.json["ignored"] != true {
		t.Errorf("unwanted: %d %s", r.status, r.body)
	}
}
