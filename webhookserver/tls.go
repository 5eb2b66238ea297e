package webhookserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// newHTTPServer bounds what a connection may take in time and memory. HTTP/2 is
// spoken by TLS only: in clear it is for proxies that tunnel requests past the
// checks of others, and hides many senders behind one connection.
func (s *Server) newHTTPServer() *http.Server {
	srv := &http.Server{
		Handler:                      s.handler,
		ReadHeaderTimeout:            readHeaderTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true, // it would answer "OPTIONS *" past us
		ConnContext:                  s.connections.opened,
		ConnState:                    s.connections.changed,
		ErrorLog:                     errorLog(s.o.Log),
		Protocols:                    new(http.Protocols),
		HTTP2:                        http2Limits(),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(s.o.TLSCertFile != "")
	return srv
}

// http2Limits bound one connection: the memory of what is sent before we read
// it, and the time that a peer may be silent or not read.
func http2Limits() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          100,
		MaxDecoderHeaderTableSize:     4 << 10,
		MaxEncoderHeaderTableSize:     4 << 10,
		MaxReadFrameSize:              16 << 10,
		MaxReceiveBufferPerConnection: 256 << 10,
		MaxReceiveBufferPerStream:     64 << 10,
		SendPingTimeout:               15 * time.Second,
		PingTimeout:                   10 * time.Second,
		WriteByteTimeout:              10 * time.Second,
	}
}

// certificates reads the certificate and follows its files; nil without TLS.
func (s *Server) certificates() (*certwatcher.CertWatcher, error) {
	if s.o.TLSCertFile == "" {
		return nil, nil
	}
	w, err := certwatcher.New(s.o.TLSCertFile, s.o.TLSKeyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return w, nil
}

// accept serves a listener, by TLS with certificates, until it is shut down or
// something fails for good.
func (s *Server) accept(ctx context.Context, srv *http.Server, l net.Listener, certificates *certwatcher.CertWatcher) <-chan error {
	failed := make(chan error, 2)
	if certificates == nil {
		go func() { failed <- srv.Serve(l) }()
		return failed
	}
	go func() {
		if err := certificates.Start(ctx); err != nil {
			failed <- fmt.Errorf("watch certificate: %w", err)
		}
	}()
	// Versions and ciphers above the minimum are Go's, which follow the times.
	srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificates.GetCertificate}
	go func() { failed <- srv.ServeTLS(l, "", "") }()
	return failed
}
