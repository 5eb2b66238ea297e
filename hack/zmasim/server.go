package zmasim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a running simulator. All methods are safe for concurrent use.
type Server struct {
	opts     Options
	listener net.Listener
	http     *http.Server
	sender   *http.Client
	ctx      context.Context
	cancel   context.CancelFunc
	workers  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// journal and batch: see journal.go. journal is nil without a StateFile.
	journal *journal
	batch   []entry

	orders        map[string]*order
	sequence      []*order // by time of acceptance
	ordinals      map[string]int
	cancellations map[string]*cancellation
	returns       map[string]*goodsReturn
	answers       map[answerName]keyedAnswer
	faults        []*faultRule
	balance       int64
	transactions  []transaction
	record        Record
	purchaseOf    map[string]int // request ID to index in record.Purchases
	listingLag    time.Duration
	held          map[string][]chan struct{} // request ID to callbacks that wait to be overtaken
	v2            v2Side
}

// Start listens on o.Addr and serves until ctx ends or Close is called. It fails when
// the address is taken or the state file cannot be read.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := newServer(ctx, o.withDefaults())
	if err := s.openJournal(); err != nil {
		s.cancel()
		return nil, fmt.Errorf("state file: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.opts.Addr)
	if err != nil {
		s.cancel()
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.listener = listener
	if err := s.listenV2(ctx); err != nil {
		s.cancel()
		return nil, errors.Join(fmt.Errorf("listen for version 2: %w", err), listener.Close())
	}
	s.serve()
	s.resume()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

func newServer(ctx context.Context, o Options) *Server {
	s := &Server{
		opts:          o,
		orders:        map[string]*order{},
		ordinals:      map[string]int{},
		cancellations: map[string]*cancellation{},
		returns:       map[string]*goodsReturn{},
		answers:       map[answerName]keyedAnswer{},
		purchaseOf:    map[string]int{},
		held:          map[string][]chan struct{}{},
		balance:       o.BalanceCents,
		listingLag:    o.ListingLag,
	}
	// Detached, so that Close alone decides when work in flight stops.
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.sender = newCallbackClient(o)
	s.v2.webhookURL, s.v2.webhookSecret = o.V2WebhookURL, o.V2WebhookSecret
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	return s
}

func (s *Server) serve() {
	s.workers.Go(func() {
		// Serve always returns an error; after Close it is ErrServerClosed.
		if err := s.http.Serve(s.listener); s.ctx.Err() == nil {
			s.opts.Logf("serving ended: %v", err)
		}
	})
}

// URL is the server's base, without a path: the API is under URL()+"/v1".
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close stops the listener, the callbacks and all that is scheduled. It may be
// called more than once.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()

	s.cancel()
	err := errors.Join(s.http.Close(), s.closeV2())
	s.workers.Wait()
	s.sender.CloseIdleConnections()
	if s.journal != nil {
		if closeErr := s.journal.close(); err == nil {
			err = closeErr
		}
	}
	return err
}

// update runs change under the lock and then writes what it noted to the journal
// in one piece, so that a kill leaves all of a change or nothing of it. After
// Close nothing changes any more.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	change()
	s.flush()
}

// after runs f once d has passed. Whatever f changes it changes by update, which
// is what makes a timer that fires after Close harmless.
func (s *Server) after(d time.Duration, f func()) {
	time.AfterFunc(max(d, 0), f)
}

// pause waits for d, or until the caller or the server is gone.
func (s *Server) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
}

// SetListingLag hides orders younger than lag from the listings from now on.
func (s *Server) SetListingLag(lag time.Duration) {
	s.update(func() { s.listingLag = lag })
}
