package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// wire lies between an account and its provider, and keeps every call as it came.
type wire struct {
	server *httptest.Server

	mu    sync.Mutex
	calls []wireCall
	lie   func(answer []byte) []byte
}

// wireCall is one call, in the bytes that went over the wire.
type wireCall struct {
	method, path, query string
	header              http.Header
	body                []byte
	answer              []byte // nil as long as there is none
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	reverse := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorLog: log.New(io.Discard, "", 0),
		// A connection that the provider closes is closed here too.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		i := w.note(r)
		proxy := *reverse
		proxy.ModifyResponse = func(answer *http.Response) error { return w.answered(i, answer) }
		proxy.ServeHTTP(rw, r)
	}))
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(w.server.Close)
	return w
}

func (w *wire) note(r *http.Request) int {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, wireCall{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, header: r.Header.Clone(), body: body})
	return len(w.calls) - 1
}

// answered keeps an answer, and puts the lie in its place where one is told: in
// readings of orders.
func (w *wire) answered(i int, r *http.Response) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	call := &w.calls[i]
	if w.lie != nil && call.reading() {
		body = w.lie(body)
	}
	call.answer = body
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// reading tells whether the call asks how an order is.
func (c wireCall) reading() bool {
	id, ok := strings.CutPrefix(c.path, "/v1/orders/")
	return ok && c.method == http.MethodGet && !strings.Contains(id, "/")
}

// tell has readings of orders answered with a lie; nil ends it.
func (w *wire) tell(lie func([]byte) []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lie = lie
}

// posts are the paid calls, answered or not.
func (w *wire) posts() []wireCall {
	return w.filter(func(c wireCall) bool { return c.method == http.MethodPost && strings.HasSuffix(c.path, "/orders") })
}

// readings are the answered readings of orders.
func (w *wire) readings() []wireCall {
	return w.filter(func(c wireCall) bool { return c.reading() && c.answer != nil })
}

func (w *wire) filter(keep func(wireCall) bool) []wireCall {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.calls), func(c wireCall) bool { return !keep(c) })
}

// sent is what a paid call's body says.
type sent struct {
	Key   string `json:"idempotency_key"`
	Notes struct {
		Identity string `json:"identity"`
		Attempt  int64  `json:"attempt"`
	} `json:"client_notes"`
	Products []struct {
		ID       string `json:"product_id"`
		Quantity int64  `json:"quantity"`
	} `json:"products"`
	Address  map[string]string `json:"shipping_address"`
	MaxPrice int64             `json:"max_price"`
	Webhooks map[string]string `json:"webhooks"`
}

// sentFor reads the paid calls of an identity, in their order.
func (w *wire) sentFor(t *testing.T, identity string) (bodies [][]byte, calls []sent) {
	t.Helper()
	for _, c := range w.posts() {
		var s sent
		if err := json.Unmarshal(c.body, &s); err != nil {
			t.Fatalf("a paid call is not readable: %v", err)
		}
		if s.Notes.Identity == identity {
			bodies, calls = append(bodies, c.body), append(calls, s)
		}
	}
	return bodies, calls
}
