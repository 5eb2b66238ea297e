package proxy

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
)

// SMTP passes lines on and springs the trap around the delivery of a mail.
type SMTP struct {
	listener net.Listener
	target   string
	trap     *Trap
}

// NewSMTP listens on a free port; target is host:port of a server without TLS.
func NewSMTP(target string, trap *Trap) (*SMTP, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p := &SMTP{listener: listener, target: target, trap: trap}
	go p.accept()
	return p, nil
}

// Addr is host:port of the proxy.
func (p *SMTP) Addr() string { return p.listener.Addr().String() }

// Close ends the proxy.
func (p *SMTP) Close() error { return p.listener.Close() }

func (p *SMTP) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(conn)
	}
}

func (p *SMTP) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	upstream, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	var delivered atomic.Bool // the end of a mail was passed on; its answer is next
	done := make(chan struct{}, 2)
	go func() { p.commands(conn, upstream, &delivered); done <- struct{}{} }()
	go func() { p.answers(upstream, conn, &delivered); done <- struct{}{} }()
	<-done
}

func (p *SMTP) commands(from, to net.Conn, delivered *atomic.Bool) {
	lines := bufio.NewReader(from)
	inData := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch {
		case inData && line == ".\r\n":
			inData = false
			delivered.Store(true)
		case !inData && strings.EqualFold(strings.TrimSpace(line), "DATA"):
			if p.trap.At(Mail, Before) {
				return
			}
			inData = true
		}
		if _, err := to.Write([]byte(line)); err != nil {
			return
		}
	}
}

func (p *SMTP) answers(from, to net.Conn, delivered *atomic.Bool) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if delivered.Swap(false) && p.trap.At(Mail, After) {
			return
		}
		if _, err := to.Write([]byte(line)); err != nil {
			return
		}
	}
}
