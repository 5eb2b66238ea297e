// Package openapi serves the description of the endpoint for machines: the
// OpenAPI document and the JSON Schema of the native body. Both are the same in
// every installation and tell nothing of it.
//
// openapi.yaml is written by hand; openapi.json and order.schema.json are made by
// go run ./hack/schema.
package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the files that are served
	"encoding/hex"
	"net/http"
	"time"
)

// Paths on which the documents are served.
const (
	DocumentPath = "/openapi.json"
	SchemaPath   = "/schemas/order.json"
)

// maxAge is how long a client may keep what it got; another version of the
// operator is seen after that.
const maxAge = "public, max-age=3600"

//go:embed openapi.json
var document []byte

//go:embed order.schema.json
var schema []byte

// Document is the OpenAPI document, in JSON.
func Document() []byte { return bytes.Clone(document) }

// Schema is the JSON Schema of the native body.
func Schema() []byte { return bytes.Clone(schema) }

// Handler serves both documents to anybody, and 404 to all other paths.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+DocumentPath, file("application/json", document))
	mux.Handle("GET "+SchemaPath, file("application/schema+json", schema))
	return mux
}

func file(mediaType string, content []byte) http.Handler {
	sum := sha256.Sum256(content)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Cache-Control", maxAge)
		h.Set("ETag", etag)
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content)) // answers If-None-Match
	})
}
