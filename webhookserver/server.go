package webhookserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zma-operator/zma-operator/internal/telemetry"
	"github.com/zma-operator/zma-operator/webhookserver/internal/limit"
)

// Limits of a connection. A sender has 10 s to deliver a megabyte.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 15 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

// maxTrackedClients bounds the rate limiters' memory to some megabytes.
const maxTrackedClients = 16384

// Server is the inbound HTTP server; a runnable of controller-runtime's manager
// that works on every replica.
type Server struct {
	o       Options
	mask    telemetry.Masker
	handler http.Handler

	slots    chan struct{} // one for each request under way
	sources  *limit.Keyed  // by source
	clients  *limit.Keyed  // by source and client
	badToken *limit.Keyed  // by client

	started  atomic.Bool
	draining atomic.Bool

	mu   sync.Mutex
	addr string
}

// New makes a server; it does not listen before Start.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	// A key of this process alone: the masked addresses can be tied together for
	// as long as it runs and led back to nobody.
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("key for masking: %w", err)
	}
	s := &Server{
		o:        o,
		mask:     telemetry.NewMasker(key),
		slots:    make(chan struct{}, o.MaxInFlight),
		sources:  limit.NewKeyed(maxTrackedClients),
		clients:  limit.NewKeyed(maxTrackedClients),
		badToken: limit.NewKeyed(maxTrackedClients),
		addr:     o.Addr,
	}
	s.handler = s.routes()
	return s, nil
}

// NeedLeaderElection is false: every replica takes webhooks.
func (s *Server) NeedLeaderElection() bool { return false }

// Handler serves all routes, without listening.
func (s *Server) Handler() http.Handler { return s.handler }

// Addr is the address listened on once started, before that the one asked for.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Start listens and serves until ctx ends, then drains: it says "not ready",
// goes on serving for DrainDelay while load balancers notice, and waits at most
// ShutdownTimeout for requests under way.
func (s *Server) Start(ctx context.Context) error {
	defer s.closeDeliveries()
	listener, err := net.Listen("tcp", s.o.Addr)
	if err != nil {
		return fmt.Errorf("webhook server: %w", err)
	}
	s.mu.Lock()
	s.addr = listener.Addr().String()
	s.mu.Unlock()
	srv := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	s.started.Store(true)
	select {
	case err := <-failed:
		return fmt.Errorf("webhook server: %w", err)
	case <-ctx.Done():
		return s.drain(srv)
	}
}

func (s *Server) drain(srv *http.Server) error {
	s.draining.Store(true)
	srv.SetKeepAlivesEnabled(false)
	if s.o.DrainDelay > 0 {
		time.Sleep(s.o.DrainDelay)
	}
	// The manager's context has ended already; the requests' time has not.
	ctx, cancel := context.WithTimeout(context.Background(), s.o.ShutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("webhook server: requests were cut off: %w", err), srv.Close())
	}
	return nil
}

func (s *Server) closeDeliveries() {
	if c, ok := s.o.Deliveries.(interface{ Close() }); ok {
		c.Close()
	}
}
