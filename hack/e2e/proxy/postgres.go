package proxy

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Postgres passes the wire protocol on and springs the trap at the end of the
// transactions that matter.
type Postgres struct {
	listener net.Listener
	target   string
	trap     *Trap
}

// NewPostgres listens on a free port; target is host:port of the real server,
// which must trust its clients.
func NewPostgres(target string, trap *Trap) (*Postgres, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p := &Postgres{listener: listener, target: target, trap: trap}
	go p.accept()
	return p, nil
}

// Addr is host:port of the proxy.
func (p *Postgres) Addr() string { return p.listener.Addr().String() }

// Close ends the proxy.
func (p *Postgres) Close() error { return p.listener.Close() }

func (p *Postgres) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(conn)
	}
}

// session is one client's connection.
type session struct {
	client  *pgproto3.Backend
	server  *pgproto3.Frontend
	trap    *Trap
	named   map[string]string // prepared statements by name
	done    []statement       // executed since the transaction began
	inTx    bool
	pending atomic.Value // effect whose answer is awaited
}

func (p *Postgres) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	upstream, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	s := &session{client: pgproto3.NewBackend(conn, conn), server: pgproto3.NewFrontend(upstream, upstream), trap: p.trap, named: map[string]string{}}
	s.pending.Store("")
	if !s.startup(conn) {
		return
	}
	done := make(chan struct{}, 2)
	go func() { s.requests(); done <- struct{}{} }()
	go func() { s.answers(); done <- struct{}{} }()
	<-done
}

// startup passes the first message on. Encryption is declined: the proxy has to
// read what it passes.
func (s *session) startup(conn io.Writer) bool {
	for {
		msg, err := s.client.ReceiveStartupMessage()
		if err != nil {
			return false
		}
		switch msg.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := conn.Write([]byte{'N'}); err != nil {
				return false
			}
		default:
			s.server.Send(msg)
			return s.server.Flush() == nil
		}
	}
}

func (s *session) requests() {
	for {
		msg, err := s.client.Receive()
		if err != nil {
			return
		}
		effect := s.note(msg)
		if s.trap.At(effect, Before) {
			return
		}
		if effect != "" {
			s.pending.Store(effect)
		}
		s.server.Send(msg)
		if s.server.Flush() != nil {
			return
		}
	}
}

// note collects the statements of a transaction and names its effect when this
// message ends it. A statement counts once it is bound: parsing alone describes it.
func (s *session) note(msg pgproto3.FrontendMessage) string {
	switch m := msg.(type) {
	case *pgproto3.Parse:
		s.named[m.Name] = normal(m.Query)
	case *pgproto3.Bind:
		s.done = append(s.done, statement{sql: s.named[m.PreparedStatement], params: texts(m.Parameters)})
	case *pgproto3.Query:
		return s.query(normal(m.String))
	case *pgproto3.Sync:
		if !s.inTx {
			return s.end()
		}
	}
	return ""
}

func (s *session) query(sql string) string {
	switch verb, _, _ := strings.Cut(sql, " "); strings.TrimSuffix(verb, ";") {
	case "begin":
		s.inTx, s.done = true, nil
	case "commit":
		s.inTx = false
		return s.end()
	case "rollback":
		s.inTx, s.done = false, nil
	default:
		s.done = append(s.done, statement{sql: sql})
		if !s.inTx {
			return s.end()
		}
	}
	return ""
}

func (s *session) end() string {
	done := s.done
	s.done = nil
	effect := effectOfStatements(done)
	if effect == unnamed {
		s.trap.noteUnnamed("statement: " + done[len(done)-1].sql)
		return ""
	}
	return effect
}

func texts(params [][]byte) []string {
	out := make([]string, 0, len(params))
	for _, p := range params {
		out = append(out, string(p))
	}
	return out
}

func (s *session) answers() {
	for {
		msg, err := s.server.Receive()
		if err != nil {
			return
		}
		if _, ready := msg.(*pgproto3.ReadyForQuery); ready {
			if effect := s.pending.Swap("").(string); s.trap.At(effect, After) {
				return
			}
		}
		s.client.Send(msg)
		if s.client.Flush() != nil {
			return
		}
	}
}
