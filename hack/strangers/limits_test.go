package strangers

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestAFloodOfStrangersDoesNotStopTheSender floods a source with tight limits from
// some addresses: they are told to slow down, and the honest sender, who keeps to
// the limits, is accepted each time.
func TestAFloodOfStrangersDoesNotStopTheSender(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	p := x.world.party("standard")
	src := x.world.source("tight", p.auth)
	src.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 600, Burst: 40, PerClientPerMinute: 120}
	if err := x.world.makeSource(t.Context(), src, p.secret); err != nil {
		t.Fatal(err)
	}
	served(t, x, src.Name)
	url := x.base() + x.world.path(src.Name)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var floods [4]flood
	for i := range floods {
		local := "127.77.0." + strconv.Itoa(i+1)
		plant(local)
		wg.Go(func() { floods[i].run(t, stop, p, local, url) })
	}
	honest := clientFrom("127.77.1.1")
	plant("127.77.1.1")
	for i := range 20 {
		m := newMessage(time.Now())
		r, err := ask(t.Context(), honest, http.MethodPost, url, jsonHeader(p.sign(p.secret.signing, m)), m.body)
		if err != nil || r.status != http.StatusAccepted {
			t.Errorf("honest webhook %d: %v, %v", i, r, err)
		}
		w.expect(r)
		time.Sleep(100 * time.Millisecond)
	}
	close(stop)
	wg.Wait()
	for _, f := range floods {
		t.Logf("a stranger got %d times 401 and %d times 429", f.refused, f.limited)
		if f.limited == 0 || f.refused == 0 || f.refused > 60 {
			t.Errorf("a stranger got %d times 401 and %d times 429", f.refused, f.limited)
		}
	}
	if x.events(t, "rate_limited", src.Name) == 0 {
		t.Error("nothing was counted as limited")
	}
}

// flood is what a stranger was answered.
type flood struct{ refused, limited int }

func (f *flood) run(t *testing.T, stop <-chan struct{}, p *party, local, url string) {
	c := clientFrom(local)
	defer c.CloseIdleConnections()
	for {
		select {
		case <-stop:
			return
		default:
		}
		m := newMessage(time.Now())
		r, err := ask(t.Context(), c, http.MethodPost, url, jsonHeader(p.sign(p.other.signing, m)), m.body)
		switch {
		case err != nil:
			t.Errorf("a stranger: %v", err)
			return
		case r.status == http.StatusUnauthorized:
			f.refused++
		case r.status == http.StatusTooManyRequests && r.header.Get("Retry-After") != "" && r.header.Get("RateLimit") != "" && r.header.Get("RateLimit-Policy") != "":
			f.limited++
		default:
			t.Errorf("a stranger: %v %v", r, r.header)
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}
