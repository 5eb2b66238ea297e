package strangers

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// kinds of slow connections.
const (
	slowHeaders = iota
	slowBody
	idle
	kinds
)

// slow is a crowd of connections that hardly move. One that is cut comes back, so
// that they stay as many.
type slow struct {
	target  *target
	stop    chan struct{}
	open    atomic.Int64
	most    atomic.Int64 // open at once
	opened  atomic.Int64 // in all
	cut     [kinds]atomic.Int64
	longest [kinds]atomic.Int64 // life, in nanoseconds
	taken   atomic.Int64        // bodies that were answered well, which none may be
}

// beginning is what a slow connection of a kind sends at once, and the little that
// it sends now and then.
func (s *slow) beginning(kind int) (first, more string) {
	switch kind {
	case slowHeaders:
		return "POST " + s.target.world.path("bearer") + " HTTP/1.1\r\nHost: shop.example\r\n", "X-A: b\r\n"
	case slowBody:
		return head("POST "+s.target.world.path("bearer")+" HTTP/1.1", http.Header{}, fmt.Sprintf("Content-Length: %d", maxBody)), " "
	}
	return "", ""
}

// between is the pause of a slow connection.
const between = 2 * time.Second

// keep holds one connection of a kind from a local address until stopped.
func (s *slow) keep(kind int, local string) {
	for {
		began := time.Now()
		if conn, err := s.target.connect(local); err == nil {
			s.opened.Add(1)
			s.hold(conn, kind)
			if life := time.Since(began); s.target.world != nil && !s.stopped() {
				s.cut[kind].Add(1)
				raise(&s.longest[kind], int64(life))
			}
		}
		select {
		case <-s.stop:
			return
		case <-time.After(between / 4):
		}
	}
}

func (s *slow) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// hold moves a connection on, as little as it can, until it is cut.
func (s *slow) hold(conn net.Conn, kind int) {
	raise(&s.most, s.open.Add(1))
	defer s.open.Add(-1)
	defer conn.Close()
	first, more := s.beginning(kind)
	if _, err := io.WriteString(conn, first); err != nil {
		return
	}
	answer := make([]byte, 64)
	for !s.stopped() {
		if err := conn.SetReadDeadline(time.Now().Add(between)); err != nil {
			return
		}
		n, err := conn.Read(answer)
		if n > 10 && answer[9] == '2' {
			s.taken.Add(1)
		}
		if timeout, ok := err.(net.Error); n > 0 || err != nil && (!ok || !timeout.Timeout()) {
			return // answered or cut
		}
		if _, err := io.WriteString(conn, more); err != nil {
			return
		}
	}
}

func raise(most *atomic.Int64, to int64) {
	for now := most.Load(); to > now && !most.CompareAndSwap(now, to); now = most.Load() {
	}
}
