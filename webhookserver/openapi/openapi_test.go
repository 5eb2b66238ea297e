package openapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/webhookserver/openapi"
)

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Document())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("version %s", doc.OpenAPI)
	}
}

// TestTheDocumentHoldsThePublishedSchema keeps both from telling senders
// different things.
func TestTheDocumentHoldsThePublishedSchema(t *testing.T) {
	var doc struct {
		Components struct{ Schemas map[string]map[string]any }
	}
	var want map[string]any
	if err := json.Unmarshal(openapi.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(openapi.Schema(), &want); err != nil {
		t.Fatal(err)
	}
	delete(want, "$id")
	delete(want, "$schema")
	if diff := cmp.Diff(want, doc.Components.Schemas["Order"]); diff != "" {
		t.Error(diff)
	}
}

func get(t *testing.T, method, path, etag string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	w := httptest.NewRecorder()
	openapi.Handler().ServeHTTP(w, r)
	return w
}

func TestDocumentsAreServedToCaches(t *testing.T) {
	for path, want := range map[string]struct {
		mediaType string
		content   []byte
	}{
		openapi.DocumentPath: {"application/json", openapi.Document()},
		openapi.SchemaPath:   {"application/schema+json", openapi.Schema()},
	} {
		w := get(t, http.MethodGet, path, "")
		h := w.Header()
		if w.Code != 200 || w.Body.String() != string(want.content) || h.Get("Content-Type") != want.mediaType {
			t.Errorf("%s: %d %s, %d bytes", path, w.Code, h.Get("Content-Type"), w.Body.Len())
		}
		if h.Get("Cache-Control") != "public, max-age=3600" || h.Get("ETag") == "" {
			t.Errorf("%s: headers %v", path, h)
		}
		if again := get(t, http.MethodGet, path, h.Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s: asked again with its ETag: %d, %d bytes", path, again.Code, again.Body.Len())
		}
		if other := get(t, http.MethodGet, path, `"other"`); other.Code != 200 {
			t.Errorf("%s: asked with another ETag: %d", path, other.Code)
		}
		if head := get(t, http.MethodHead, path, ""); head.Code != 200 || head.Body.Len() != 0 {
			t.Errorf("%s: HEAD: %d, %d bytes", path, head.Code, head.Body.Len())
		}
	}
	if w := get(t, http.MethodGet, "/openapi.yaml", ""); w.Code != 404 {
		t.Errorf("another path: %d", w.Code)
	}
}
