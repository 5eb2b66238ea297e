package webhookserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// slowConnections attack at once. With a greater number the limit of open files
// has to allow three for each.
func slowConnections(t *testing.T) int {
	t.Helper()
	given := os.Getenv("ZMA_SLOW_CONNECTIONS")
	if given == "" {
		return 500
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 20 {
		t.Fatalf("ZMA_SLOW_CONNECTIONS is %q", given)
	}
	return n
}

// attack keeps one slow connection open, and opens another whenever it is closed.
func attack(ctx context.Context, h *harness, number int, begin string) {
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+number/200), byte(1+number%200))}}
	for ctx.Err() == nil {
		if conn, err := dialer.DialContext(ctx, "tcp", h.server.Addr()); err == nil {
			trickle(ctx, conn, begin)
			_ = conn.Close()
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// trickle sends the beginning, then a byte now and then, until it is closed.
func trickle(ctx context.Context, conn net.Conn, begin string) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, conn)
	}()
	_, err := io.WriteString(conn, begin)
	for err == nil && ctx.Err() == nil {
		select {
		case <-closed:
			return
		case <-ctx.Done():
			return
		case <-time.After(500 * time.Millisecond):
		}
		if begin != "" && begin[len(begin)-1] != '\n' {
			_, err = io.WriteString(conn, "a")
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// TestAnHonestSenderGetsThroughAFloodOfSlowConnections fills all places with
// connections that send nothing, headers without end, bodies without end, or
// stay idle after a request, and more of them knock.
func TestAnHonestSenderGetsThroughAFloodOfSlowConnections(t *testing.T) {
	n := slowConnections(t)
	h, _ := listening(t, generous, func(o *Options) {
		o.MaxConnections, o.MaxInFlight = n-n/10, 4
	})
	ways := []string{
		"", // nothing at all
		"POST " + webPath + " HTTP/1.1\r\nHost: endpoint\r\nX-Slow: a",
		head(t, begin, "", "Content-Length: 100000") + `{"a":"`,
		"GET /nothing HTTP/1.1\r\nHost: endpoint\r\n\r\n",
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer func() {
		cancel()
		wg.Wait()
	}()
	for i := range n {
		wg.Go(func() { attack(ctx, h, i, ways[i%len(ways)]) })
	}
	eventually(t, func() bool { return h.server.connections.number() == n-n/10 })
	eventually(t, func() bool {
		return testutil.ToFloat64(h.metrics.ConnectionsClosed.WithLabelValues(closedWaiting)) > 10
	})

	for i := range 25 {
		r := honest(t, h, fmt.Sprint("A-", i))
		if r.status != http.StatusAccepted {
			t.Errorf("delivery %d: %d %s", i, r.status, r.body)
		}
	}
	if got := len(orders(t, h.client)); got != 25 {
		t.Errorf("%d orders, want 25", got)
	}
	if open := testutil.ToFloat64(h.metrics.Connections); open > float64(n-n/10) {
		t.Errorf("%v connections are open", open)
	}
}

// honest sends by a connection of its own, and once more when the machine is so
// busy that it was closed as one of the slow ones.
func honest(t *testing.T, h *harness, id string) reply {
	t.Helper()
	for range 3 {
		if r := firstAnswer(t, dial(t, h, "127.0.0.1"), message(t, begin, nativeBody(id), "Connection: close")); r != nil {
			return *r
		}
	}
	t.Fatalf("delivery %s got no answer", id)
	return reply{}
}
