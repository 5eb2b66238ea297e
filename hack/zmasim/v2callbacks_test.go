package zmasim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const hookSecret = "zn_whsec_test"

// hookV2 collects version 2's events and answers with the statuses given, then
// with 202.
type hookV2 struct {
	*httptest.Server
	t        *testing.T
	mu       sync.Mutex
	events   []map[string]any
	statuses []int
}

func receiveV2(t *testing.T, statuses ...int) *hookV2 {
	t.Helper()
	h := &hookV2{t: t, statuses: statuses}
	h.Server = httptest.NewServer(http.HandlerFunc(h.take))
	t.Cleanup(h.Close)
	return h
}

// take checks the signature of every event.
func (h *hookV2) take(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	_, _ = mac.Write(data)
	if got := r.Header.Get("X-Webhook-Signature"); got != hex.EncodeToString(mac.Sum(nil)) {
		h.t.Errorf("signature %q of %s", got, data)
	}
	var event map[string]any
	if err := json.Unmarshal(data, &event); err == nil && r.Header.Get("X-Webhook-Event") != event["event"] {
		h.t.Errorf("header %q of %s", r.Header.Get("X-Webhook-Event"), data)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
	status := http.StatusAccepted
	if len(h.statuses) > 0 {
		status, h.statuses = h.statuses[0], h.statuses[1:]
	}
	w.WriteHeader(status)
}

func (h *hookV2) all() []map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]map[string]any(nil), h.events...)
}

// counts how often each event came for an order.
func (h *hookV2) counts(id string) map[string]int {
	n := map[string]int{}
	for _, e := range h.all() {
		if e["order_id"] == id {
			n[e["event"].(string)]++
		}
	}
	return n
}

func withHook(h *hookV2) Options {
	return Options{V2WebhookURL: h.URL + "/hook", V2WebhookSecret: hookSecret}
}

func TestEventsOfVersion2(t *testing.T) {
	hook := receiveV2(t)
	s := startV2(t, withHook(hook))
	for name, c := range map[string]struct {
		product string
		advance int
		want    map[string]int
	}{
		"bought":                    {ProductOK, 0, map[string]int{"order.started": 1, "order.placed": 1}},
		"bought and delivered":      {ProductSplit, 6, map[string]int{"order.started": 1, "order.placed": 1, "order.tracking_received": 3, "order.delivered": 1}},
		"failed":                    {ProductFor("checkout_failed"), 0, map[string]int{"order.started": 1, "order.failed": 1}},
		"looked at, then bought":    {ProductReviewThenSuccess, 0, map[string]int{"order.started": 1, "order.placed": 1}},
		"cancelled by the retailer": {ProductRetailerCancel, 0, map[string]int{"order.started": 1, "order.placed": 1, "order.cancelled": 1}},
	} {
		id := postV2(t, s, bodyV2(c.product, name)).idV2(t)
		if c.advance > 0 {
			becomes(t, s, id, "order_placed")
		}
		for range c.advance {
			s.Advance(id)
		}
		eventually(t, name, func() bool { return cmp.Equal(c.want, hook.counts(id)) })
	}
	stopped := postV2(t, s, bodyV2(ProductStuck, "stopped")).idV2(t)
	doV2(t, s, "POST", "/orders/"+stopped+"/cancel", nil)
	eventually(t, "order.cancelled", func() bool { return cmp.Equal(map[string]int{"order.cancelled": 1}, hook.counts(stopped)) })
}

func TestAnEventOfVersion2SaysWhatHappened(t *testing.T) {
	hook := receiveV2(t)
	s := startV2(t, withHook(hook))
	id := postV2(t, s, bodyV2(ProductFor("product_not_found"), "k")).idV2(t)
	eventually(t, "order.failed", func() bool { return hook.counts(id)["order.failed"] == 1 })
	for _, e := range hook.all() {
		if e["event"] != "order.failed" {
			continue
		}
		if e["status"] != "order_failed" || e["timestamp"] == "" || e["data"].(map[string]any)["error_type"] != "product_not_found" {
			t.Errorf("event %v", e)
		}
	}
}

func TestEventsOfVersion2AreRepeatedUntilAny2xx(t *testing.T) {
	hook := receiveV2(t, 500, 302, 404, 204)
	s := startV2(t, withHook(hook))
	stopped := postV2(t, s, bodyV2(ProductStuck, "k")).idV2(t)
	doV2(t, s, "POST", "/orders/"+stopped+"/cancel", nil)
	eventually(t, "the 204", func() bool { return len(s.Record().Callbacks) == 4 })
	for i, want := range []int{500, 302, 404, 204} {
		if c := s.Record().Callbacks[i]; c.Status != want || c.Event != "order.cancelled" || c.RequestID != stopped {
			t.Errorf("try %d: %+v, want %d", i+1, c, want)
		}
	}
}

func TestFaultsMeetEventsOfVersion2(t *testing.T) {
	for name, c := range map[string]struct {
		fault Fault
		want  []string
	}{
		"dropped":   {Fault{Kind: CallbackDrop, Event: "order.started"}, []string{"order.placed"}},
		"doubled":   {Fault{Kind: CallbackDuplicate, Event: "order.placed"}, []string{"order.placed", "order.placed", "order.started"}},
		"reordered": {Fault{Kind: CallbackReorder, Event: "order.started"}, []string{"order.placed", "order.started"}},
	} {
		t.Run(name, func(t *testing.T) {
			hook := receiveV2(t)
			s := startV2(t, withHook(hook))
			s.AddFault(c.fault)
			postV2(t, s, bodyV2(ProductOK, "k")).idV2(t)
			var got []string
			eventually(t, name, func() bool { return len(hook.all()) == len(c.want) })
			for _, e := range hook.all() {
				got = append(got, e["event"].(string))
			}
			if c.fault.Kind != CallbackReorder {
				slices.Sort(got) // events may overtake each other without a fault, too
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheWebhookOfVersion2CanBeSetAtRunTime(t *testing.T) {
	hook := receiveV2(t)
	s := startV2(t, Options{Control: true})
	cancelled := func(key string) {
		id := postV2(t, s, bodyV2(ProductStuck, key)).idV2(t)
		doV2(t, s, "POST", "/orders/"+id+"/cancel", nil)
	}
	cancelled("unheard")
	if err := PutV2Webhook(t.Context(), s.URL(), hook.URL, hookSecret); err != nil {
		t.Fatal(err)
	}
	cancelled("heard")
	eventually(t, "the event", func() bool { return len(hook.all()) == 1 })
	s.SetV2Webhook("", "")
	cancelled("unheard again")
	if n := len(s.Record().Callbacks); n != 1 {
		t.Errorf("%d deliveries, want 1", n)
	}
}
