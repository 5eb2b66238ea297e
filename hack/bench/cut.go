package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/process"
)

// line is a TCP proxy in front of the provider. While it hangs, it takes what
// comes and answers nothing; a connection that has hung once never recovers, so
// that a call of the outage is neither answered after it nor arrives late.
type line struct {
	target, addr string

	mu       sync.Mutex
	hanging  bool
	hung     int          // connections that were made to hang
	listener net.Listener // nil while connections are refused
	conns    map[net.Conn]struct{}
}

// newLine listens on a free port of the loopback interface; target is host:port.
func newLine(target string) (*line, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	l := &line{target: target, addr: fmt.Sprintf("127.0.0.1:%d", port), conns: map[net.Conn]struct{}{}}
	return l, l.restore()
}

// refuse ends every connection and takes no new one.
func (l *line) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close() // nobody is to be told
		l.listener = nil
	}
	for conn := range l.conns {
		_ = conn.Close() // nobody is to be told
	}
}

// hang takes connections and bytes, and passes nothing on.
func (l *line) hang() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hanging = true
}

// restore passes new calls on again.
func (l *line) restore() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hanging = false
	if l.listener != nil {
		return nil
	}
	// Another program may have been given the port for a moment.
	var err error
	for range 50 {
		l.listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", l.addr)
		if err == nil {
			go l.accept(l.listener)
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("listen: %w", err)
}

func (l *line) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // refuse has closed it
		}
		go l.serve(client)
	}
}

// serve passes one connection on, or keeps it hanging until its caller gives up.
func (l *line) serve(client net.Conn) {
	defer l.drop(client)
	if !l.keep(client) || l.swallows() {
		_, _ = io.Copy(io.Discard, client) // until the caller gives up
		return
	}
	server, err := net.DialTimeout("tcp", l.target, 5*time.Second)
	if err != nil {
		return
	}
	defer l.drop(server)
	if !l.keep(server) {
		return
	}
	go func() {
		defer l.drop(client) // the provider has hung up, and the caller must see it
		l.copy(client, server)
	}()
	l.copy(server, client)
}

// copy passes bytes on. From the first that is swallowed, it swallows all that
// follow, until the sender hangs up.
func (l *line) copy(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.swallows() {
			_, _ = io.Copy(io.Discard, from) // until the sender gives up
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// swallows tells whether a connection has to hang from now on.
func (l *line) swallows() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hanging {
		l.hung++
	}
	return l.hanging
}

// hangs is how many connections were made to hang so far.
func (l *line) hangs() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hung
}

// keep remembers a connection; false when connections are refused.
func (l *line) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		_ = conn.Close() // it came in the last moment
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *line) drop(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
	_ = conn.Close() // it may be closed already
}
