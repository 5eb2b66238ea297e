package strangers

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// slowConnections of the storm, unless STRANGERS_CONNECTIONS says otherwise.
const slowConnections = 10000

// honestWebhooks that have to get through it.
const honestWebhooks = 200

// longestLife of a connection that hardly moves: ten seconds by the endpoint's
// timeouts, and what a loaded machine adds.
const longestLife = 20 * time.Second

// TestSlowConnectionsByTheThousandStopNobody holds 10,000 connections that hardly
// move, a third each in headers, in a body, and before the first byte. Meanwhile
// honest webhooks are accepted, on the first try or after an answer that says so,
// and the process stays within its memory. Afterwards all is as before.
func TestSlowConnectionsByTheThousandStopNobody(t *testing.T) {
	n := connections(t)
	for name, args := range map[string][]string{
		"as installed":      nil, // who waits longest makes room
		"with room for all": {"--webhook-max-connections=15000"},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := theWorld(t).open(t.Context(), "storm"+strconv.Itoa(len(args)), args...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(x.Kill)
			storm(t, x, n)
		})
	}
}

func storm(t *testing.T, x *target, n int) {
	w, weight := watch(t, x), weigh(t, x)
	s := &slow{target: x, stop: make(chan struct{})}
	var wg sync.WaitGroup
	for i := range n {
		local := fmt.Sprintf("127.88.%d.%d", i%200/20, i%20+1)
		plant(local)
		wg.Go(func() { s.keep(i%kinds, local) })
		if i%100 == 99 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	h := &honest{target: x, witness: w, party: x.world.party("standard"), client: clientFrom("127.88.250.1")}
	h.sendAll(t, honestWebhooks, 12*time.Second)
	close(s.stop)
	wg.Wait()
	weight.read(t)
	quiet := time.Now()
	x.calm(t)
	t.Logf("hardly a connection was open %s later", time.Since(quiet).Round(time.Millisecond))
	s.judge(t, n)
	t.Logf("%d of %d honest webhooks were accepted at the first try; the slowest took %s", h.first.Load(), honestWebhooks, time.Duration(h.slowest.Load()))
}

// judge checks that there was a storm, and that none of it lived long.
func (s *slow) judge(t *testing.T, n int) {
	t.Helper()
	t.Logf("%d slow connections at once, %d in all; cut: %d in headers, %d in bodies, %d idle", s.most.Load(), s.opened.Load(),
		s.cut[slowHeaders].Load(), s.cut[slowBody].Load(), s.cut[idle].Load())
	if s.most.Load() < int64(n)/3 || s.taken.Load() > 0 {
		t.Errorf("at most %d slow connections were open, and %d were answered well", s.most.Load(), s.taken.Load())
	}
	for kind, name := range []string{"headers", "bodies", "idleness"} {
		if life := time.Duration(s.longest[kind].Load()); life > longestLife || s.cut[kind].Load() == 0 {
			t.Errorf("slow %s lived up to %s; %d were cut", name, life, s.cut[kind].Load())
		}
	}
}

// connections that can be had here.
func connections(t *testing.T) int {
	t.Helper()
	n := min(slowConnections, mostSlow)
	if testing.Short() {
		n = 1000
	}
	if text := os.Getenv("STRANGERS_CONNECTIONS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const others = 1000
	if limit.Max < uint64(n+others) {
		t.Skipf("%d files may be open, which is too few for %d connections", limit.Max, n)
	}
	return n
}

// honest sends signed webhooks as a careful sender does: it repeats what was not
// answered, or answered by 503.
type honest struct {
	target  *target
	witness *witness
	party   *party
	client  *http.Client

	first   atomic.Int64 // accepted at the first try
	slowest atomic.Int64 // until accepted, in nanoseconds
}

// sendAll spreads webhooks over a time, each by itself.
func (h *honest) sendAll(t *testing.T, n int, span time.Duration) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { h.send(t) })
		time.Sleep(span / time.Duration(n))
	}
	wg.Wait()
	h.client.CloseIdleConnections()
}

// patience of a sender.
const patience = 30 * time.Second

func (h *honest) send(t *testing.T) {
	began, m := time.Now(), newMessage(time.Now())
	for try := 1; time.Since(began) < patience; try++ {
		m.at = time.Now()
		r, err := ask(t.Context(), h.client, http.MethodPost, h.target.base()+h.target.world.path(h.party.name), jsonHeader(h.party.sign(h.party.secret.signing, m)), m.body)
		switch {
		case err == nil && one(r.status, http.StatusAccepted, http.StatusOK):
			if h.witness.expect(r); try == 1 {
				h.first.Add(1)
			}
			raise(&h.slowest, int64(time.Since(began)))
			return
		case err != nil || r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") != "":
			time.Sleep(200 * time.Millisecond)
		default:
			t.Errorf("an honest webhook: %v", r)
			return
		}
	}
	t.Errorf("an honest webhook was not accepted within %s", patience)
}

// calm waits until hardly a connection is left.
func (x *target) calm(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		m, err := x.Metrics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, _ := m.Sum("zma_webhook_connections", nil)
		if n < 20 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%v connections are still open", n)
			return
		}
	}
}
