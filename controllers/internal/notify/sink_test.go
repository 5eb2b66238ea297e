package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// sinkOptions say how a test's mail server behaves. The functions get the number
// of the call, from 1.
type sinkOptions struct {
	cert         *tls.Certificate
	implicitTLS  bool
	password     string
	onRcpt       func(n int) error
	onData       func(n int) error
	dropAfterDot func(n int) bool
}

// sink is a real SMTP server that keeps what it is given.
type sink struct {
	opts sinkOptions
	addr *net.TCPAddr

	mu       sync.Mutex
	messages []received
	rcpts    int
	datas    int
	logins   int
}

type received struct {
	from string
	to   []string
	tls  bool
	data string
}

func (r received) header(t *testing.T) mail.Header {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(r.data))
	if err != nil {
		t.Fatalf("the message can't be parsed: %v", err)
	}
	return m.Header
}

func startSink(t *testing.T, o sinkOptions) *sink {
	t.Helper()
	s := &sink{opts: o}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &sinkSession{sink: s, conn: c}, nil
	}))
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "sink.test", true, discard{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().(*net.TCPAddr)
	if o.cert != nil {
		config := &tls.Config{Certificates: []tls.Certificate{*o.cert}}
		if o.implicitTLS {
			l = tls.NewListener(l, config)
		} else {
			srv.TLSConfig = config
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	// The server knows its listener only once it serves, which may be later.
	t.Cleanup(func() { _ = srv.Close(); _ = l.Close(); <-done })
	return s
}

func (s *sink) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.messages...)
}

func (s *sink) loginCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

type sinkSession struct {
	sink *sink
	conn *smtp.Conn
	from string
	to   []string
	auth bool
}

func (s *sinkSession) AuthMechanisms() []string {
	if s.sink.opts.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.sink.mu.Lock()
		s.sink.logins++
		s.sink.mu.Unlock()
		if user != "mailer" || password != s.sink.opts.password {
			return smtp.ErrAuthFailed
		}
		s.auth = true
		return nil
	}), nil
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.opts.password != "" && !s.auth {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.from = from
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	s.sink.rcpts++
	n := s.sink.rcpts
	s.sink.mu.Unlock()
	if f := s.sink.opts.onRcpt; f != nil {
		if err := f(n); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.datas++
	if f := s.sink.opts.onData; f != nil {
		if err := f(s.sink.datas); err != nil {
			return err
		}
	}
	s.sink.messages = append(s.sink.messages, received{from: s.from, to: s.to, tls: encrypted, data: string(b)})
	if f := s.sink.opts.dropAfterDot; f != nil && f(s.sink.datas) {
		_ = s.conn.Conn().Close()
		return errors.New("dropped")
	}
	return nil
}

func (s *sinkSession) Reset()        { s.from, s.to = "", nil }
func (s *sinkSession) Logout() error { return nil }

// newCert makes a self-signed certificate for 127.0.0.1, or for a name.
func newCert(t *testing.T, name string) (*tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	if name == "" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
