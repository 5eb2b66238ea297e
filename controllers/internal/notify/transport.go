package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Server is a mail server and how to talk to it.
type Server struct {
	// Host name or address; certificates are verified for it.
	Host string
	// Port of the server; 587 when zero.
	Port int32
	// TLS mode; Opportunistic when empty.
	TLS v1alpha1.SMTPTLSMode
	// RootCAs that certificates are verified against; nil for the system's.
	RootCAs *x509.CertPool
	// Credentials for a login; nil for none.
	Credentials *Credentials
	// Helo is the name that the client greets with.
	Helo string
}

const defaultPort = 587

// send hands one message over, in a connection of its own that ends with ctx.
func (s Server) send(ctx context.Context, msg *gomail.Msg, timeout time.Duration) Result {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d := &dialer{server: s}
	defer d.close()
	// The library's own context ends with the dialling; this one with the sending.
	stop := context.AfterFunc(ctx, d.close)
	defer stop()
	c, err := gomail.NewClient(s.Host, s.options(d, timeout)...)
	if err != nil {
		return Result{Outcome: Deferred, Category: "server"}
	}
	err = c.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() {
		// What fails after the server took the message does not make it less sent.
		return Result{Outcome: Sent}
	}
	return judge(err, s.TLS)
}

func (s Server) options(d *dialer, timeout time.Duration) []gomail.Option {
	opts := []gomail.Option{
		gomail.WithTimeout(timeout), gomail.WithTLSConfig(s.tlsConfig()), gomail.WithDialContextFunc(d.dial),
		gomail.WithoutNoop(),
	}
	if s.Helo != "" {
		opts = append(opts, gomail.WithHELO(s.Helo))
	}
	switch s.TLS {
	case v1alpha1.SMTPTLS:
		opts = append(opts, gomail.WithSSL())
	case v1alpha1.SMTPStartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if s.Credentials != nil {
		opts = append(opts, gomail.WithSMTPAuthCustom(&tlsAuth{credentials: *s.Credentials}))
	}
	return opts
}

func (s Server) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
}

func (s Server) address() string {
	port := s.Port
	if port == 0 {
		port = defaultPort
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(int(port)))
}

// dialer opens the connection and keeps it, because the library leaves it open
// when greeting, TLS or login fail, and does not stop at the end of a context.
type dialer struct {
	server Server

	mu   sync.Mutex
	conn net.Conn
}

func (d *dialer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, d.server.address())
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	d.mu.Lock()
	d.conn = conn
	d.mu.Unlock()
	if d.server.TLS != v1alpha1.SMTPTLS {
		return conn, nil
	}
	encrypted := tls.Client(conn, d.server.tlsConfig())
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return encrypted, nil
}

// close ends the connection; an error of it changes nothing any more.
func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.Close()
	}
}
