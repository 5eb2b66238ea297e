package webhookserver

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/zma-operator/zma-operator/webhookserver/openapi"
)

// documented is the document that the endpoint serves, loaded once.
var documented = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(openapi.Document())
})

func loadDocument(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// checkExchange holds an answer against the document.
func checkExchange(t *testing.T, req *http.Request, r reply) {
	t.Helper()
	if err := exchangeError(loadDocument(t), req, r); err != nil {
		t.Errorf("%s %s, answered %d %s, is not as documented: %v", req.Method, req.URL.Path, r.status, r.body, err)
	}
}

func exchangeError(doc *openapi3.T, req *http.Request, r reply) error {
	at := findOperation(doc, req)
	if at == nil {
		// The document says of what it does not describe that it is not found.
		if r.status != http.StatusNotFound && r.status != http.StatusRequestHeaderFieldsTooLarge {
			return errors.New("this path is not documented")
		}
		at = &routers.Route{Spec: doc, Operation: doc.Paths.Find("/webhooks/{namespace}/{path}").Post}
	}
	answer := at.Operation.Responses.Status(r.status)
	if answer == nil {
		return errors.New("this status is not documented")
	}
	if err := undocumentedHeader(at.Operation, answer.Value, r.header); err != nil {
		return err
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: at},
		Status:                 r.status,
		Header:                 r.header,
	}
	return openapi3filter.ValidateResponse(req.Context(), input.SetBodyBytes([]byte(r.body)))
}

// findOperation matches by hand, because {path} takes the rest of a path, which
// the routers that come with the library do not know. A method that is not
// documented is POST's affair: its 405 is documented there.
func findOperation(doc *openapi3.T, req *http.Request) *routers.Route {
	if path.Clean(req.URL.Path) != req.URL.Path || req.URL.EscapedPath() != req.URL.Path {
		return nil
	}
	for template, item := range doc.Paths.Map() {
		if !templatePattern(template).MatchString(req.URL.Path) {
			continue
		}
		operation := item.GetOperation(req.Method)
		if operation == nil {
			operation = item.Post
		}
		if operation == nil {
			return nil
		}
		return &routers.Route{Spec: doc, Path: template, PathItem: item, Method: req.Method, Operation: operation}
	}
	return nil
}

func templatePattern(template string) *regexp.Regexp {
	pattern := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllStringFunc(regexp.QuoteMeta(template), func(name string) string {
		if name == `\{path\}` {
			return `.+`
		}
		return `[^/]+`
	})
	return regexp.MustCompile("^" + pattern + "$")
}

// undocumentedHeader finds a header field that an answer has beside those that
// are documented for it, those that the document names for all answers, and
// those of HTTP itself.
func undocumentedHeader(operation *openapi3.Operation, answer *openapi3.Response, header http.Header) error {
	known := map[string]bool{}
	for _, name := range []string{"Content-Type", "Content-Length", "Date", "Connection", "X-Content-Type-Options", "Accept-Ranges",
		"Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Strict-Transport-Security"} {
		known[name] = true
	}
	documented := []openapi3.Headers{answer.Headers}
	if preflight := operation.Responses.Value("204"); preflight != nil {
		documented = append(documented, preflight.Value.Headers)
	}
	for _, headers := range documented {
		for name := range headers {
			known[http.CanonicalHeaderKey(name)] = true
		}
	}
	for name := range header {
		if !known[name] {
			return fmt.Errorf("header field %s is not documented", name)
		}
	}
	return nil
}

// TestTheCheckOfExchangesFindsWhatIsNotDocumented shows that the check can fail.
func TestTheCheckOfExchangesFindsWhatIsNotDocumented(t *testing.T) {
	right := func() reply {
		return reply{status: 404, header: http.Header{
			"X-Request-Id": {"r"}, "Cache-Control": {"no-store"}, "Content-Type": {"application/problem+json"}},
			body: `{"type":"` + problemBase + `not-found","title":"t","status":404,"requestID":"r"}`}
	}
	for reason, tc := range map[string]struct {
		path   string
		change func(*reply)
		says   string
	}{
		"as it should be":           {webPath, func(*reply) {}, ""},
		"another path":              {"/other", func(r *reply) { r.status = 202 }, "path is not documented"},
		"another status":            {webPath, func(r *reply) { r.status = 418 }, "status is not documented"},
		"a header field more":       {webPath, func(r *reply) { r.header.Set("X-Powered-By", "x") }, "X-Powered-By"},
		"a header field less":       {webPath, func(r *reply) { r.header.Del("X-Request-Id") }, "X-Request-Id"},
		"another media type":        {webPath, func(r *reply) { r.header.Set("Content-Type", "application/json") }, "Content-Type"},
		"another problem":           {webPath, func(r *reply) { r.body = strings.Replace(r.body, "not-found", "internal", 1) }, "match schema"},
		"another status in it":      {webPath, func(r *reply) { r.body = strings.Replace(r.body, "404", "400", 1) }, "match schema"},
		"a member that is unknown":  {webPath, func(r *reply) { r.body = strings.Replace(r.body, `"title"`, `"stack":"","title"`, 1) }, "match schema"},
		"a problem of another path": {"/callbacks/v1/shop/main/zo-1", func(*reply) {}, "status is not documented"},
	} {
		t.Run(reason, func(t *testing.T) {
			r := right()
			tc.change(&r)
			req, err := http.NewRequest(http.MethodPost, "http://endpoint.test"+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = exchangeError(loadDocument(t), req, r)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
}
