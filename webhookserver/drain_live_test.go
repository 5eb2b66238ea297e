package webhookserver

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestADrainLosesNothing sends by connections that are kept, before, while and
// after the server drains: none is refused before the drain's delay is over, and
// every order that was made has been answered for.
func TestADrainLosesNothing(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1 in clear": false, "HTTP/1.1 by TLS": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			h := prepared(t, generous, func(o *Options) {
				o.DrainDelay = 300 * time.Millisecond
				if strings.Contains(name, "TLS") || http2 {
					p.options(o)
				}
			})
			stop := h.listen(t)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: patience}
			if h.server.o.TLSCertFile != "" {
				h.http.URL, client = "https://"+h.server.Addr(), p.httpClient(http2)
			}
			var s senders
			for i := range 6 {
				s.wg.Go(func() { s.send(h, client, i) })
			}
			eventually(t, func() bool { return s.accepted.Load() > 20 })
			if err := stop(); err != nil {
				t.Error(err)
			}
			s.wg.Wait()
			if made := len(orders(t, h.client)); int64(made) != s.accepted.Load() {
				t.Errorf("%d orders were made, %d answered for", made, s.accepted.Load())
			}
			if s.draining.Load() < 6 {
				t.Errorf("%d deliveries were accepted while draining", s.draining.Load())
			}
			for _, trouble := range s.trouble {
				t.Error(trouble)
			}
		})
	}
}

func TestADrainDoesNotWaitForConnectionsWithoutARequest(t *testing.T) {
	h, stop := listening(t, nil, func(o *Options) { o.ShutdownTimeout = 2 * time.Second }) // less than net/http would wait
	dial(t, h, "")
	conn := dial(t, h, "")
	_, _ = io.WriteString(conn, "POST "+webPath+" HTTP/1.1\r\n")
	eventually(t, func() bool { return h.server.connections.number() == 2 })
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// senders deliver until the server is gone.
type senders struct {
	wg                 sync.WaitGroup
	accepted, draining atomic.Int64

	mu      sync.Mutex
	trouble []string
}

func (s *senders) send(h *harness, client *http.Client, number int) {
	for i := 0; ; i++ {
		body := nativeBody(fmt.Sprintf("A-%d-%d", number, i))
		draining := h.server.draining.Load()
		resp, err := h.post(client, body, strings.NewReader(body))
		if err != nil {
			if !h.server.draining.Load() {
				s.complain(fmt.Sprintf("before the drain: %v", err))
			}
			return
		}
		r := readReply(h.t, resp)
		if r.status != http.StatusAccepted {
			s.complain(fmt.Sprintf("%d %s", r.status, r.body))
			return
		}
		s.accepted.Add(1)
		if draining {
			s.draining.Add(1)
			if resp.ProtoMajor == 1 && !resp.Close {
				s.complain("a connection is kept while the server drains")
			}
		}
	}
}

func (s *senders) complain(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = append(s.trouble, what)
}
