package webhookserver

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// pipes opens connections that tell whether they have been closed.
type pipes struct {
	t   *testing.T
	all *connections
	m   *telemetry.Metrics
}

func (p *pipes) open() (*connection, net.Conn) {
	ours, theirs := net.Pipe()
	p.t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	c := connectionOf(p.all.opened(p.t.Context(), ours))
	p.all.changed(ours, http.StateNew)
	return c, ours
}

func (p *pipes) wantOpen(open ...*connection) {
	p.t.Helper()
	if len(p.all.open) != len(open) || testutil.ToFloat64(p.m.Connections) != float64(len(open)) {
		p.t.Fatalf("%d open, %v in the metric, want %d", len(p.all.open), testutil.ToFloat64(p.m.Connections), len(open))
	}
	for i, c := range open {
		if p.all.open[c.conn] != c {
			p.t.Errorf("number %d is not open", i+1)
		}
	}
}

// isClosed works for pipes alone, which can't be written to without a reader.
func isClosed(conn net.Conn) bool { return conn.SetDeadline(time.Time{}) != nil }

func newPipes(t *testing.T, max int) *pipes {
	m := newMetrics(t)
	return &pipes{t: t, all: newConnections(max, m), m: m}
}

func TestTheConnectionThatWaitsLongestMakesRoom(t *testing.T) {
	p := newPipes(t, 3)
	a, _ := p.open()
	b, _ := p.open()
	c, _ := p.open()
	p.wantOpen(a, b, c)

	a.work() // is answered, so it stays
	d, _ := p.open()
	p.wantOpen(a, c, d)
	if !isClosed(b.conn) {
		t.Error("the connection that had to go is not closed")
	}
	a.work() // a second stream
	a.wait() // one of two is answered: still not waiting
	c.work()
	c.wait() // has waited a shorter time than d from now on
	e, _ := p.open()
	p.wantOpen(a, c, e)
	a.wait()
	f, _ := p.open()
	p.wantOpen(a, e, f)
	if got := testutil.ToFloat64(p.m.ConnectionsClosed.WithLabelValues(closedWaiting)); got != 3 {
		t.Errorf("%v closed by the metric, want 3", got)
	}
}

func TestConnectionsThatAreAnsweredAreNotClosedForNewOnes(t *testing.T) {
	p := newPipes(t, 2)
	a, _ := p.open()
	b, _ := p.open()
	a.work()
	b.work()
	late, conn := p.open()
	p.wantOpen(a, b)
	if !isClosed(conn) {
		t.Error("the new connection is open")
	}
	late.work() // the handler of a connection that was closed under it
	late.wait()
	p.all.changed(conn, http.StateClosed)
	p.wantOpen(a, b)
	if got := testutil.ToFloat64(p.m.ConnectionsClosed.WithLabelValues(closedFull)); got != 1 {
		t.Errorf("%v closed by the metric, want 1", got)
	}
}

func TestClosedConnectionsAreForgotten(t *testing.T) {
	p := newPipes(t, 0)
	for range 100 {
		_, conn := p.open()
		p.all.changed(conn, http.StateActive)
		p.all.changed(conn, http.StateClosed)
	}
	kept, _ := p.open()
	p.wantOpen(kept)
	if p.all.waiting.Len() != 1 {
		t.Errorf("%d wait, want 1", p.all.waiting.Len())
	}
}

func TestOnlyUnusedConnectionsAreClosedForAShutdown(t *testing.T) {
	p := newPipes(t, 0)
	_, unused := p.open()
	answered, _ := p.open()
	answered.work()
	answered.wait()
	working, _ := p.open()
	working.work()
	p.all.closeUnused()
	p.wantOpen(answered, working)
	if !isClosed(unused) {
		t.Error("the unused one is open")
	}
}

func TestAHandlerOfAnotherServerHasNoConnection(t *testing.T) {
	c := connectionOf(t.Context())
	c.work()
	c.wait()
}
