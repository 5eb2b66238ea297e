package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

// Classifier names the effect of a request; empty for none.
type Classifier func(method, path string, body []byte) string

type effectKey struct{}

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
	reverse := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		Transport:     transport,
		FlushInterval: -1, // watches stream
		ModifyResponse: func(r *http.Response) error {
			effect, _ := r.Request.Context().Value(effectKey{}).(string)
			if r.StatusCode < 300 && trap.At(effect, After) {
				return errSprung
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		effect, err := effectOf(r, classify)
		if err != nil || trap.At(effect, Before) {
			panic(http.ErrAbortHandler)
		}
		reverse.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), effectKey{}, effect)))
	})
	p := &HTTP{listener: listener, server: &http.Server{Handler: handler, ErrorLog: discard()}}
	go func() { _ = p.server.Serve(listener) }() // ends with Close
	return p, nil
}

// URL of the proxy.
func (p *HTTP) URL() string { return "http://" + p.listener.Addr().String() }

// Close ends the proxy and its connections.
func (p *HTTP) Close() error { return p.server.Close() }

// effectOf reads the body of a request that changes something, and puts it back.
func effectOf(r *http.Request, classify Classifier) (string, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Body == nil {
		return "", nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return classify(r.Method, r.URL.Path, body), nil
}
