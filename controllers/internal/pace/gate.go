package pace

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// Key names an order.
type Key = types.NamespacedName

// Limits of an account.
type Limits struct {
	// RatePerMinute of submissions. A tenth of it, at least one, may go at once.
	RatePerMinute int
	// MaxInFlight orders submitted and not yet placed or refused.
	MaxInFlight int
	// Failures in a row that open the circuit.
	Failures int
}

// Why an order has to wait at the gate.
const (
	// WaitRate waits for the account's rate.
	WaitRate = "rate"
	// WaitInFlight waits for an order in flight to end.
	WaitInFlight = "in-flight"
	// WaitCircuit waits for the provider.
	WaitCircuit = "circuit"
	// WaitAsked waits for the pause that the provider asked for.
	WaitAsked = "retry-after"
	// WaitOlder waits for an older order.
	WaitOlder = "older"
)

// grantTTL is how long a turn is kept for an order that was woken; then the next
// one gets it. trialTTL is the same for the one order of a half-open circuit,
// whose call may take its whole time.
const (
	grantTTL = 15 * time.Second
	trialTTL = 30 * time.Second
)

// Gate paces one account.
type Gate struct {
	mu          sync.Mutex
	limits      Limits
	bucket      *rate.Limiter
	breaker     breaker
	pausedUntil time.Time
	trialUntil  time.Time
	inFlight    map[Key]struct{}
	granted     map[Key]time.Time
	queue       queue
	wake        func(Key)
	changed     func(State)
}

// newGate makes a gate whose circuit is in a given state. wake and changed must
// not block: they are called under the gate's lock.
func newGate(l Limits, state State, wake func(Key), changed func(State)) *Gate {
	return &Gate{
		inFlight: map[Key]struct{}{}, granted: map[Key]time.Time{},
		wake: wake, changed: changed, breaker: breaker{state: state},
		limits: l, bucket: rate.NewLimiter(l.perSecond(), l.burst()),
	}
}

func (l Limits) perSecond() rate.Limit {
	return rate.Limit(float64(l.RatePerMinute) / time.Minute.Seconds())
}

func (l Limits) burst() int { return max(1, l.RatePerMinute/10) }

// configure takes over limits, which may have changed in Git.
func (g *Gate) configure(l Limits, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limits == l {
		return
	}
	g.limits = l
	g.bucket.SetLimitAt(now, l.perSecond())
	g.bucket.SetBurstAt(now, l.burst())
}

// Enter asks for a turn to submit. Empty means go now; otherwise it says what the
// order waits for, and the order is woken when its turn comes.
func (g *Gate) Enter(order Key, created, now time.Time) (waitsFor string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until, ok := g.granted[order]; ok && now.Before(until) {
		return g.admit(order)
	}
	delete(g.granted, order)
	if g.queue.olderThan(order, created) {
		g.queue.add(order, created)
		return g.why(now, WaitOlder)
	}
	if why := g.take(now); why != "" {
		g.queue.add(order, created)
		return why
	}
	return g.admit(order)
}

func (g *Gate) admit(order Key) string {
	delete(g.granted, order)
	g.queue.remove(order)
	g.inFlight[order] = struct{}{}
	return ""
}

// Track says whether an order is in flight.
func (g *Gate) Track(order Key, inFlight bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if inFlight {
		g.inFlight[order] = struct{}{}
		return
	}
	delete(g.inFlight, order)
}

// Leave forgets an order that does not want a turn any more.
func (g *Gate) Leave(order Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue.remove(order)
	delete(g.granted, order)
	delete(g.inFlight, order)
}

// pump gives the turns that there are to the oldest orders that wait.
func (g *Gate) pump(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for order, until := range g.granted {
		if !now.Before(until) {
			delete(g.granted, order)
		}
	}
	for g.queue.len() > 0 && g.take(now) == "" {
		order := g.queue.pop()
		g.granted[order] = now.Add(grantTTL)
		g.wake(order)
	}
}

// take takes a turn; it says what is missing when there is none.
func (g *Gate) take(now time.Time) string {
	if why := g.why(now, ""); why != "" {
		return why
	}
	if !g.bucket.AllowN(now, 1) {
		return WaitRate
	}
	if g.breaker.state == HalfOpen {
		g.trialUntil = now.Add(trialTTL)
	}
	return ""
}

// why says what stands in the way, beside the rate.
func (g *Gate) why(now time.Time, otherwise string) string {
	switch {
	case g.breaker.state == Open, g.breaker.state == HalfOpen && now.Before(g.trialUntil):
		return WaitCircuit
	case now.Before(g.pausedUntil):
		return WaitAsked
	case len(g.inFlight)+len(g.granted) >= g.limits.MaxInFlight:
		return WaitInFlight
	}
	return otherwise
}

// Circuit tells the state of the circuit, and when it last closed.
func (g *Gate) Circuit() (State, time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.breaker.state, g.breaker.closedAt
}
