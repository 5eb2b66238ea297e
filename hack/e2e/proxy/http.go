package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// HTTP passes requests on to a server and springs the trap at the effects that
// classify names.
type HTTP struct {
	server   *http.Server
	listener net.Listener
}

// seen is a request that may change something, and the effect that it has.
type seen struct {
	effect, key string
	body        []byte
}

type seenKey struct{}

// NewHTTP listens on a free port of the loopback interface. transport reaches
// target; nil is the default one.
func NewHTTP(target string, transport http.RoundTripper, trap *Trap, classify Classifier) (*HTTP, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("parse target: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	last := &lastWrites{trap: trap, classify: classify, taken: map[string][]byte{}}
	reverse := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		Transport:     transport,
		FlushInterval: -1, // watches stream
		ModifyResponse: func(r *http.Response) error {
			s, _ := r.Request.Context().Value(seenKey{}).(seen)
			if r.StatusCode >= 300 {
				return nil
			}
			last.take(s)
			if trap.At(s.effect, After) {
				return errSprung
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := last.see(r)
		if err != nil || trap.At(s.effect, Before) {
			panic(http.ErrAbortHandler)
		}
		reverse.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), seenKey{}, s)))
	})
	p := &HTTP{listener: listener, server: &http.Server{Handler: handler, ErrorLog: discard()}}
	go func() { _ = p.server.Serve(listener) }() // ends with Close
	return p, nil
}

// URL of the proxy.
func (p *HTTP) URL() string { return "http://" + p.listener.Addr().String() }

// Close ends the proxy and its connections.
func (p *HTTP) Close() error { return p.server.Close() }
