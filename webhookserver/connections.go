package webhookserver

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// Reasons for which connections are closed, in metrics.
const (
	closedWaiting = "waiting" // it waited longest, and another needed its place
	closedFull    = "full"    // it is new, and all others are being answered
)

// connections bounds how many are open. When there are too many, the one that
// has waited longest for its sender makes room: opened, headers or body under
// way, or idle. Slow strangers can hold their places only until others want
// them, and an honest sender, who is quick, is never the one who waits longest.
type connections struct {
	max     int // no bound when 0
	metrics *telemetry.Metrics

	mu      sync.Mutex
	open    map[net.Conn]*connection
	waiting *list.List // longest first
}

// connection is one of them. All methods do nothing on nil, which is the
// connection of a handler that is served by another server.
type connection struct {
	all     *connections
	conn    net.Conn
	working int           // requests that wait for us
	used    bool          // it has brought a request
	place   *list.Element // in waiting; nil while requests wait for us
	closed  bool
}

type connectionKey struct{}

func newConnections(max int, m *telemetry.Metrics) *connections {
	return &connections{max: max, metrics: m, open: map[net.Conn]*connection{}, waiting: list.New()}
}

// connectionOf is the connection that a request came by; nil when not known.
func connectionOf(ctx context.Context) *connection {
	c, _ := ctx.Value(connectionKey{}).(*connection)
	return c
}

// opened takes in a new connection; for http.Server's ConnContext, which is
// called where connections are accepted, so it must not block.
func (s *connections) opened(ctx context.Context, conn net.Conn) context.Context {
	c := &connection{all: s, conn: conn}
	s.mu.Lock()
	victim, reason := s.room(c)
	if victim != nil {
		s.remove(victim)
	}
	if victim != c {
		s.open[conn] = c
		c.place = s.waiting.PushBack(c)
	}
	s.metrics.Connections.Set(float64(len(s.open)))
	s.mu.Unlock()
	if victim != nil {
		s.metrics.ConnectionsClosed.WithLabelValues(reason).Inc()
		abort(victim.conn)
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// room tells which connection has to go for a new one; nil when none.
func (s *connections) room(c *connection) (*connection, string) {
	if s.max <= 0 || len(s.open) < s.max {
		return nil, ""
	}
	if first := s.waiting.Front(); first != nil {
		return first.Value.(*connection), closedWaiting
	}
	return c, closedFull
}

// changed follows http.Server's ConnState.
func (s *connections) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.open[conn]; c != nil {
		s.remove(c)
	}
	s.metrics.Connections.Set(float64(len(s.open)))
}

func (s *connections) remove(c *connection) {
	c.closed = true
	delete(s.open, c.conn)
	if c.place != nil {
		s.waiting.Remove(c.place)
		c.place = nil
	}
}

// work says that one more request waits for us: the connection stays.
func (c *connection) work() { c.count(1) }

// wait says that one request less waits for us: it waits for its sender again,
// or has been answered. An answer is on its way then, long before the others
// that wait have made room.
func (c *connection) wait() { c.count(-1) }

func (c *connection) count(n int) {
	if c == nil {
		return
	}
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	c.working += n
	c.used = true
	switch {
	case c.closed:
	case c.working == 0:
		c.place = c.all.waiting.PushBack(c)
	case c.place != nil:
		c.all.waiting.Remove(c.place)
		c.place = nil
	}
}

// closeUnused closes those that never brought a request. A shutdown would wait
// seconds for them, and for those of HTTP/2 that it has overtaken until its end.
func (s *connections) closeUnused() {
	var unused []*connection
	s.mu.Lock()
	for _, c := range s.open {
		if !c.used {
			unused = append(unused, c)
			s.remove(c)
		}
	}
	s.metrics.Connections.Set(float64(len(s.open)))
	s.mu.Unlock()
	for _, c := range unused {
		abort(c.conn)
	}
}

// abort closes a connection without the farewell of TLS, which would wait for
// a peer that does not read.
func abort(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close() // it is gone either way
}
