// Package cut is a TCP proxy that can be switched off, made a black hole, and
// switched on again. It knows nothing of what it passes, so that it fits in front
// of an API server, a database and an HTTP server alike, TLS included.
package cut

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/process"
)

// State of a proxy.
type State int

const (
	// On passes everything on.
	On State = iota
	// Refused has nobody listening, and has reset every connection.
	Refused
	// Blackhole takes connections and bytes, and passes nothing on. What it has
	// taken goes on its way once the proxy is On again: calls then arrive long
	// after their caller has given up.
	Blackhole
)

// String names the state.
func (s State) String() string {
	return [...]string{"on", "refused", "blackhole"}[s]
}

// Proxy stands in front of one server.
type Proxy struct {
	target string
	addr   string

	mu       sync.Mutex
	state    State
	open     chan struct{} // closed while bytes pass
	listener net.Listener
	pairs    map[*pair]struct{}
	closed   bool
}

// New listens on a free port of the loopback interface; target is host:port.
func New(target string) (*Proxy, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, addr: fmt.Sprintf("127.0.0.1:%d", port), open: make(chan struct{}), pairs: map[*pair]struct{}{}}
	close(p.open)
	return p, p.listen()
}

// Addr is host:port of the proxy.
func (p *Proxy) Addr() string { return p.addr }

// Set switches the proxy. An error means that it can't listen again.
func (p *Proxy) Set(s State) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || s == p.state {
		return nil
	}
	before := p.state
	p.state = s
	switch {
	case s == Blackhole:
		p.open = make(chan struct{})
	case before == Blackhole:
		close(p.open)
	}
	if s == Refused {
		p.hangUp()
		return nil
	}
	if before == Refused {
		return p.listen()
	}
	return nil
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.hangUp()
	return nil
}

// hangUp stops listening and resets every connection. The caller has the lock.
func (p *Proxy) hangUp() {
	if p.listener != nil {
		_ = p.listener.Close() // nobody is to be told
		p.listener = nil
	}
	for c := range p.pairs {
		c.reset()
	}
}

// listen takes the proxy's port. Connections that are still being torn down may
// hold it for a moment. The caller has the lock, or is the only one.
func (p *Proxy) listen() error {
	var err error
	for range 50 {
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", p.addr); err == nil {
			p.listener = l
			go p.accept(l)
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("listen: %w", err)
}

func (p *Proxy) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c := &pair{proxy: p, client: conn.(*net.TCPConn), done: make(chan struct{})}
		if p.admit(c) {
			go c.run()
		} else {
			c.reset()
		}
	}
}

func (p *Proxy) admit(c *pair) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.state == Refused {
		return false
	}
	p.pairs[c] = struct{}{}
	return true
}

func (p *Proxy) forget(c *pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pairs, c)
}

// gate is closed while bytes pass.
func (p *Proxy) gate() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}
