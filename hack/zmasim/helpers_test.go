package zmasim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const identity = "shop/store/1001"

// start runs a simulator that is quick unless the options say otherwise.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Processing = orElse(o.Processing, 5*time.Millisecond)
	o.CallbackRetry = orElse(o.CallbackRetry, 2*time.Millisecond)
	o.Logf = t.Logf
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func stateFile(t *testing.T) string { return filepath.Join(t.TempDir(), "state.jsonl") }

// body builds an order that is accepted; each edit changes it.
func body(product, key string, edits ...func(map[string]any)) map[string]any {
	b := map[string]any{
		"idempotency_key": key, "retailer": "amazon", "addax": true, "is_gift": false,
		"products":        []any{map[string]any{"product_id": product, "quantity": 1}},
		"max_price":       1_000_000,
		"shipping_method": "cheapest",
		"shipping_address": map[string]any{
			"first_name": "Ada", "last_name": "Sample", "address_line1": "10 Test Street", "address_line2": "",
			"zip_code": "97201", "city": "Portland", "state": "OR", "country": "US", "phone_number": "5035550100",
		},
		"client_notes": map[string]any{"identity": identity, "attempt": 1, "key": key},
	}
	for _, edit := range edits {
		edit(b)
	}
	return b
}

func with(field string, value any) func(map[string]any) {
	return func(b map[string]any) { b[field] = value }
}

func without(field string) func(map[string]any) {
	return func(b map[string]any) { delete(b, field) }
}

// reply is an answer as a client sees it; Err is set when there was none.
type reply struct {
	Status int
	Header http.Header
	Raw    []byte
	JSON   map[string]any
	Err    error
}

func (r reply) id(t *testing.T) string {
	t.Helper()
	id, _ := r.JSON["request_id"].(string)
	if r.Err != nil || len(id) != 32 {
		t.Fatalf("no request ID: status %d, body %s, error %v", r.Status, r.Raw, r.Err)
	}
	return id
}

func (r reply) code() string { code, _ := r.JSON["code"].(string); return code }

func do(s *Server, method, path string, payload any) reply {
	return doFor(context.Background(), s, method, path, payload)
}

func doFor(ctx context.Context, s *Server, method, path string, payload any) reply {
	data, ok := payload.([]byte)
	if !ok && payload != nil {
		data = mustJSON(payload)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL()+path, bytes.NewReader(data))
	if err != nil {
		return reply{Err: err}
	}
	request.SetBasicAuth("sim-token", "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{Err: err}
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	r := reply{Status: response.StatusCode, Header: response.Header, Raw: raw, Err: err}
	_ = json.Unmarshal(raw, &r.JSON) // some answers are meant to be no JSON
	return r
}

func post(s *Server, b any) reply { return do(s, "POST", "/v1/orders", b) }

func get(s *Server, id string) reply { return do(s, "GET", "/v1/orders/"+id, nil) }

// eventually polls until the condition holds; the deadline only ends a failing test.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// outcome waits until an order is neither processed nor reviewed.
func outcome(t *testing.T, s *Server, id string) (r reply) {
	t.Helper()
	eventually(t, "an outcome", func() bool {
		r = get(s, id)
		return r.code() != "request_processing" && r.code() != "manual_review_required"
	})
	return r
}

// receiver collects callbacks and answers with the statuses given, then with 200.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	got      []received
	statuses []int
}

type received struct {
	Path, User, Secret string
	Body               []byte
}

func receive(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, q *http.Request) {
	data, _ := io.ReadAll(q.Body)
	user, secret, _ := q.BasicAuth()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, received{q.URL.Path, user, secret, data})
	if len(r.statuses) > 0 {
		w.WriteHeader(r.statuses[0])
		r.statuses = r.statuses[1:]
	}
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func (r *receiver) paths() (paths []string) {
	for _, g := range r.all() {
		paths = append(paths, g.Path)
	}
	return paths
}

// hooks sends each event to a path of its own name.
func (r *receiver) hooks(events ...string) func(map[string]any) {
	m := map[string]any{}
	for _, e := range events {
		m[e] = r.URL + "/" + e
	}
	return with("webhooks", m)
}
