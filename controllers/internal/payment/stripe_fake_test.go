package payment

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// The keys of the fake, made up here.
const (
	liveRestricted = "rk_live_fake"
	testSecret     = "sk_test_fake"
)

// object is a JSON object as Stripe sends it.
type object = map[string]any

// fakeStripe keeps PaymentIntents by mode and lets a test move them along. Like
// Stripe, it shows a charge only when asked to expand it, and a key only what is
// in its mode.
type fakeStripe struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	intents map[string]object
	charges map[string]object
	calls   int
	answer  http.HandlerFunc // in place of the usual one, when set
}

func newFakeStripe(t *testing.T) *fakeStripe {
	f := &fakeStripe{t: t, intents: map[string]object{}, charges: map[string]object{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// create adds a PaymentIntent that waits for the customer.
func (f *fakeStripe) create(id string, cents int64, currency string, live bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intents[id] = object{
		"object": "payment_intent", "id": id, "status": "requires_payment_method",
		"amount": cents, "amount_received": 0, "currency": currency, "livemode": live, "latest_charge": nil,
	}
}

// authorise holds the money without taking it.
func (f *fakeStripe) authorise(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intents[id]["status"], f.intents[id]["latest_charge"] = "requires_capture", "ch_"+id
	f.charges["ch_"+id] = object{
		"object": "charge", "id": "ch_" + id, "status": "succeeded", "captured": false,
		"amount_refunded": 0, "refunded": false, "disputed": false,
	}
}

// capture takes the money.
func (f *fakeStripe) capture(id string) {
	f.authorise(id)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intents[id]["status"], f.intents[id]["amount_received"] = "succeeded", f.intents[id]["amount"]
	f.charges["ch_"+id]["captured"] = true
}

// refund gives cents back; the PaymentIntent stays succeeded, as Stripe's does.
func (f *fakeStripe) refund(id string, cents int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.charges["ch_"+id]["amount_refunded"] = cents
	f.charges["ch_"+id]["refunded"] = cents == f.intents[id]["amount"]
}

// set changes a field of a PaymentIntent.
func (f *fakeStripe) set(id, field string, value any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intents[id][field] = value
}

// setCharge changes a field of a charge; a nil value removes it.
func (f *fakeStripe) setCharge(id, field string, value any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if value == nil {
		delete(f.charges["ch_"+id], field)
		return
	}
	f.charges["ch_"+id][field] = value
}

func (f *fakeStripe) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fakeStripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.answer != nil {
		f.answer(w, r)
		return
	}
	live, known := map[string]bool{"Bearer " + liveRestricted: true, "Bearer " + testSecret: false}[r.Header.Get("Authorization")]
	id, ok := strings.CutPrefix(r.URL.Path, "/v1/payment_intents/")
	switch {
	case !known:
		f.send(w, http.StatusUnauthorized, object{"error": object{"type": "invalid_request_error"}})
	case r.Method != http.MethodGet || !ok || r.Header.Get("Stripe-Version") == "":
		f.t.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	case f.intents[id] == nil || f.intents[id]["livemode"] != live && f.intents[id]["shownToAll"] == nil:
		f.send(w, http.StatusNotFound, object{"error": object{"code": "resource_missing"}})
	default:
		f.send(w, http.StatusOK, f.expanded(id, r.URL.Query()["expand[]"]))
	}
}

func (f *fakeStripe) expanded(id string, expand []string) object {
	out := object{}
	for k, v := range f.intents[id] {
		out[k] = v
	}
	charge, _ := out["latest_charge"].(string)
	if charge != "" && len(expand) == 1 && expand[0] == "latest_charge" {
		out["latest_charge"] = f.charges[charge]
	}
	return out
}

func (f *fakeStripe) send(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		f.t.Error(err)
	}
}
