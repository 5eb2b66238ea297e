package webhookserver

import (
	"context"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// maxBodiesPerClient are under way at once; a sender whose bodies arrive
// promptly has hardly more than one.
const maxBodiesPerClient = 64

// smallBody is what a body may hold of a budget that is nearly used up, so that
// large bodies can't keep out small ones.
const smallBody = 16 << 10

// bodyBudget bounds the memory of bodies that nobody has verified yet. Bytes
// are taken as they arrive: what a sender only claims costs nothing.
type bodyBudget struct {
	max int64 // bytes

	mu      sync.Mutex
	used    int64
	clients map[string]*clientBodies
}

type clientBodies struct {
	arriving int
	bytes    int64
}

// grant is what one request holds of the budget until it is answered.
type grant struct {
	from     *bodyBudget
	client   string
	bytes    int64
	arriving bool
}

func newBodyBudget(max int64) *bodyBudget {
	return &bodyBudget{max: max, clients: map[string]*clientBodies{}}
}

// begin admits one more body of a client; nil when it has too many under way.
func (b *bodyBudget) begin(client string) *grant {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.clients[client]
	if c == nil {
		c = &clientBodies{}
		b.clients[client] = c
	}
	if c.arriving >= maxBodiesPerClient {
		return nil
	}
	c.arriving++
	return &grant{from: b, client: client, arriving: true}
}

// grow takes n more bytes, and tells whether there were as many. One client has
// a quarter of all at most; the last quarter is kept for small bodies.
func (g *grant) grow(n int64) bool {
	b := g.from
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.clients[g.client]
	bound := b.max
	if g.bytes+n > smallBody {
		bound -= b.max / 4
	}
	if b.used+n > bound || c.bytes+n > b.max/4 {
		return false
	}
	b.used, c.bytes, g.bytes = b.used+n, c.bytes+n, g.bytes+n
	return true
}

// arrived ends the wait for the body, which stays in memory.
func (g *grant) arrived() {
	g.from.mu.Lock()
	defer g.from.mu.Unlock()
	g.settle(0)
}

// release gives everything back. It does nothing on nil.
func (g *grant) release() {
	if g == nil {
		return
	}
	g.from.mu.Lock()
	defer g.from.mu.Unlock()
	g.settle(g.bytes)
}

func (g *grant) settle(bytes int64) {
	c := g.from.clients[g.client]
	if c == nil {
		return // all was given back before
	}
	if g.arriving {
		g.arriving = false
		c.arriving--
	}
	g.from.used, c.bytes, g.bytes = g.from.used-bytes, c.bytes-bytes, g.bytes-bytes
	if c.arriving == 0 && c.bytes == 0 {
		delete(g.from.clients, g.client)
	}
}

// slots bounds the requests under way. They are taken once a request is
// complete: who sends slowly holds none.
type slots chan struct{}

// take takes a slot until the returned function is called.
func (s slots) take() (release func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	default:
		return nil, overloaded()
	}
}

// await takes a slot, and waits in line for at most patience.
func (s slots) await(ctx context.Context, patience time.Duration) (release func(), err error) {
	if release, err := s.take(); err == nil {
		return release, nil
	}
	line := time.NewTimer(patience)
	defer line.Stop()
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-line.C:
	case <-ctx.Done():
	}
	return nil, overloaded()
}

// check authenticates a webhook in slots of its own: while Secrets can't be read,
// strangers must neither wait without bound nor in the place of senders.
func (s *Server) check(x *exchange, src *v1alpha1.WebhookSource, body []byte) (verify.Result, error) {
	release, err := s.checks.take()
	if err != nil {
		return verify.Result{}, err
	}
	defer release()
	return s.authenticate(x, src, body)
}
