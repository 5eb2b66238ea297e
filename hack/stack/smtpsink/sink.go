// Package smtpsink is an SMTP server for tests and the demo that keeps what it
// receives, and misbehaves on request.
package smtpsink

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options of a server.
type Options struct {
	// Addr to listen on; a free port of the loopback interface when empty.
	Addr string
	// TLS offers STARTTLS with a certificate of its own.
	TLS bool
	// Username and Password that clients must give; none when empty.
	Username, Password string
	// Fail decides on each mail, counted from 1, after its data; nil accepts.
	Fail func(n int) *smtp.SMTPError
	// DropAfterData closes the connection of the first mail after keeping it, so
	// that its sender never learns.
	DropAfterData bool
	// Delay before each mail is answered.
	Delay time.Duration
	// Dir takes each mail as a file, 000001.eml and so on; it must exist. None when
	// empty.
	Dir string
	// HTTPAddr serves GET /messages, for other processes; none when empty.
	HTTPAddr string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Message is a mail that was received.
type Message struct {
	// From is the sender of the envelope.
	From string
	// To are the recipients of the envelope.
	To []string
	// Data is the mail itself.
	Data []byte
	// TLS tells whether the connection was encrypted.
	TLS bool
	// At is when it arrived.
	At time.Time
}

// Header reads a header field of the mail; empty when it has none.
func (m Message) Header(name string) string {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		return ""
	}
	return parsed.Header.Get(name)
}

// Server is a running server.
type Server struct {
	options  Options
	smtp     *smtp.Server
	listener net.Listener
	pem      []byte
	http     *http.Server
	listURL  string

	mu       sync.Mutex
	seen     int
	messages []Message
}

// Start listens and serves until Stop.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{options: o, listener: listener}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	s.smtp.Domain, s.smtp.AllowInsecureAuth = "sink.local", true
	s.smtp.ReadTimeout, s.smtp.WriteTimeout, s.smtp.MaxMessageBytes = 30*time.Second, 30*time.Second, 1<<20
	if o.TLS {
		certificate, pem, err := selfSigned(o.Now())
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		s.smtp.TLSConfig, s.pem = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, pem
	}
	if o.HTTPAddr != "" {
		if err := s.serveList(); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	go func() { _ = s.smtp.Serve(listener) }() // ends with Stop
	return s, nil
}

// Addr is host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Port of the server.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// CertPEM is the certificate to trust; nil without TLS.
func (s *Server) CertPEM() []byte { return s.pem }

// Messages are all mails kept so far, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Stop ends the server. It may be called more than once.
func (s *Server) Stop() error {
	err := s.smtp.Close()
	if errors.Is(err, smtp.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.stopList())
}

// session is one client's connection.
type session struct {
	server        *Server
	conn          *smtp.Conn
	authenticated bool
	from          string
	to            []string
}

// AuthMechanisms offers PLAIN when the server wants a password.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks the password.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		o := s.server.options
		if subtle.ConstantTimeCompare([]byte(username+"\x00"+password), []byte(o.Username+"\x00"+o.Password)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.authenticated = true
		return nil
	}), nil
}

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.Username != "" && !s.authenticated {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail.
func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(s.server.options.Delay)
	_, encrypted := s.conn.TLSConnectionState()
	return s.server.keep(s.conn, Message{From: s.from, To: s.to, Data: data, TLS: encrypted, At: s.server.options.Now()})
}

func (s *Server) keep(conn *smtp.Conn, m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	if s.options.Fail != nil {
		if refused := s.options.Fail(s.seen); refused != nil {
			return refused
		}
	}
	if err := s.file(len(s.messages)+1, m); err != nil {
		return err
	}
	s.messages = append(s.messages, m)
	if s.options.DropAfterData && s.seen == 1 {
		return conn.Conn().Close()
	}
	return nil
}

// Reset forgets the mail under way.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }
