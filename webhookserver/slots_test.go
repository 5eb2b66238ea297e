package webhookserver

import (
	"net/http"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// fill takes all that are free.
func (s slots) fill(t *testing.T) (free func()) {
	t.Helper()
	n := cap(s) - len(s)
	for range n {
		if _, err := s.take(); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for range n {
			<-s
		}
	}
}

func TestWebhooksAndCallbacksDoNotStarveEachOther(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, append(callbackObjects(), webhookSource("web", nil), keySecret())...)
	path, auth := callbackURL(t, "k1", callbackKey, "request_succeeded", nil)
	if got, want := cap(h.server.callbacks), cap(h.server.slots)/4; got != want {
		t.Errorf("%d slots for callbacks, want %d", got, want)
	}
	free := h.server.slots.fill(t)
	wantProblem(t, h.deliver(webPath, nativeBody("A-1")), http.StatusServiceUnavailable, "overloaded")
	if r := h.send(auth, path, "{}"); r.status != http.StatusOK {
		t.Errorf("a callback beside full webhooks: %d %s", r.status, r.body)
	}
	free()

	free = h.server.callbacks.fill(t)
	for range badTokenRate().Burst + 1 { // none of them counts as a wrong token
		wantProblem(t, h.send(auth, path, "{}"), http.StatusServiceUnavailable, "overloaded")
	}
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != http.StatusAccepted {
		t.Errorf("a webhook beside full callbacks: %d %s", r.status, r.body)
	}
	free()
	if r := h.send(auth, path, "{}"); r.status != http.StatusOK {
		t.Errorf("the callback again: %d %s", r.status, r.body)
	}
}

func TestVerificationHasSlotsOfItsOwn(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	forged := signedBy(t, otherSecret, begin, nativeBody("A-1"))
	free := h.server.checks.fill(t)
	wantProblem(t, h.send(forged, webPath, nativeBody("A-1")), http.StatusServiceUnavailable, "overloaded")
	free()
	wantProblem(t, h.send(forged, webPath, nativeBody("A-1")), http.StatusUnauthorized, "unauthenticated")
	if len(h.server.checks)+len(h.server.slots) != 0 {
		t.Error("slots are lost")
	}
}

func TestWebhooksWaitInLineForTheAPIServer(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	free := h.server.stores.fill(t)
	done := make(chan int)
	h.server.o.StoreLine = time.Hour
	go func() { done <- h.deliver(webPath, nativeBody("A-1")).status }()
	eventually(t, func() bool { return len(h.server.slots) == 1 })
	free()
	if status := <-done; status != http.StatusAccepted {
		t.Errorf("one that waited got %d", status)
	}
	h.server.o.StoreLine = time.Millisecond
	defer h.server.stores.fill(t)()
	wantProblem(t, h.deliver(webPath, nativeBody("A-2")), http.StatusServiceUnavailable, "overloaded")
	if n := len(orders(t, h.client)); n != 1 {
		t.Errorf("%d orders", n)
	}
}
