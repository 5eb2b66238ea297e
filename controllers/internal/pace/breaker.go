package pace

import "time"

// State of a circuit.
type State int

const (
	// Closed lets calls through.
	Closed State = iota
	// HalfOpen lets one order try.
	HalfOpen
	// Open lets only the probe through.
	Open
)

// forget is the time after which earlier failures do not count any more: a few
// failures spread over a day are no outage.
const forget = time.Minute

// breaker counts failures in a row. Libraries of this kind have a clock of their
// own and can't start open; this one has to go on where the process before it
// stopped.
type breaker struct {
	state    State
	failures int
	lastFail time.Time
	closedAt time.Time
}

// failed notes a call without an answer. limit failures in a row open the
// circuit; in a trial one does.
func (b *breaker) failed(limit int, now time.Time) (changed bool) {
	if now.Sub(b.lastFail) > forget {
		b.failures = 0
	}
	b.failures++
	b.lastFail = now
	if b.state == Open || (b.state == Closed && b.failures < limit) {
		return false
	}
	b.state = Open
	return true
}

// answered notes that the probe got an answer: an order may try.
func (b *breaker) answered() (changed bool) {
	if b.state != Open {
		return false
	}
	b.state = HalfOpen
	return true
}

// succeeded notes that a submission was answered.
func (b *breaker) succeeded(now time.Time) (changed bool) {
	b.failures = 0
	if b.state == Closed {
		return false
	}
	b.state, b.closedAt = Closed, now
	return true
}
