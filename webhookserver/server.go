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
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
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

// maxMappers is how many compiled sources are kept.
const maxMappers = 1024

// Server is the inbound HTTP server; a runnable of controller-runtime's manager
// that works on every replica.
type Server struct {
	o       Options
	mask    telemetry.Masker
	handler http.Handler

	mappers *mapping.Cache
	replays *replays

	cors corsRules

	connections *connections
	bodies      *bodyBudget
	pace        pace
	checks      slots // webhooks being verified
	slots       slots // verified webhooks
	stores      slots // webhooks that are with the API server
	callbacks   slots

	sources  *limit.Keyed // by source
	clients  *limit.Keyed // by source and client
	badToken *limit.Keyed // by client
	vain     *limit.Keyed // by client: requests for nothing that is served

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
		o:           o,
		mask:        telemetry.NewMasker(key),
		cors:        newCORSRules(maxMappers),
		connections: newConnections(o.MaxConnections, o.Metrics),
		bodies:      newBodyBudget(o.BodyBudget),
		pace:        bodyPace(),
		checks:      make(slots, o.MaxInFlight),
		slots:       make(slots, o.MaxInFlight),
		stores:      make(slots, o.MaxStores),
		callbacks:   make(slots, max(1, o.MaxInFlight/4)),
		sources:     limit.NewKeyed(maxTrackedClients),
		clients:     limit.NewKeyed(maxTrackedClients),
		badToken:    limit.NewKeyed(maxTrackedClients),
		vain:        limit.NewKeyed(maxTrackedClients),
		addr:        o.Addr,
		mappers:     mapping.NewCache(maxMappers),
		replays:     newReplays(maxReplays),
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
	defer s.startSharing(ctx)()
	defer s.closeDeliveries()
	certificates, err := s.certificates()
	if err != nil {
		return fmt.Errorf("webhook server: %w", err)
	}
	listener, err := net.Listen("tcp", s.o.Addr)
	if err != nil {
		return fmt.Errorf("webhook server: %w", err)
	}
	s.mu.Lock()
	s.addr = listener.Addr().String()
	s.mu.Unlock()
	srv := s.newHTTPServer()
	failed := s.accept(ctx, srv, listener, certificates)
	s.started.Store(true)
	select {
	case err := <-failed:
		return fmt.Errorf("webhook server: %w", errors.Join(err, srv.Close()))
	case <-ctx.Done():
		return s.drain(srv)
	}
}

// drain answers whatever comes while load balancers notice, each connection's
// last request with a hint that it is the last: one that is closed while idle
// may lose a request that is just being sent.
func (s *Server) drain(srv *http.Server) error {
	s.draining.Store(true)
	if s.o.DrainDelay > 0 {
		time.Sleep(s.o.DrainDelay)
	}
	// The manager's context has ended already; the requests' time has not.
	ctx, cancel := context.WithTimeout(context.Background(), s.o.ShutdownTimeout)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- srv.Shutdown(ctx) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				return errors.Join(fmt.Errorf("webhook server: requests were cut off: %w", err), srv.Close())
			}
			return nil
		case <-tick.C:
			s.connections.closeUnused()
		}
	}
}

func (s *Server) closeDeliveries() {
	if c, ok := s.o.Deliveries.(interface{ Close() }); ok {
		c.Close()
	}
}
