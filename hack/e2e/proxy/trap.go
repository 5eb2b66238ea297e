// Package proxy stands between the real operator process and everything it
// changes, and can kill the process right before or right after one effect. The
// product needs no hooks for it.
package proxy

import "sync"

// Phase is on which side of an effect.
type Phase string

const (
	// Before the effect: the request has been seen and is not passed on.
	Before Phase = "before"
	// After the effect: it has happened, and its answer is not passed back.
	After Phase = "after"
)

// Point is one side of one effect.
type Point struct {
	// Effect by name, such as Intent or PaidCall.
	Effect string
	// Phase of the effect.
	Phase Phase
}

// String is effect and phase.
func (p Point) String() string { return string(p.Phase) + " " + p.Effect }

// Effects that an undisturbed order has.
const (
	// Intent is the write of the intent to the API server.
	Intent = "the intent write"
	// PaidCall is the POST to the provider.
	PaidCall = "the paid call"
	// Outcome is the write of the acceptance to the API server.
	Outcome = "the outcome write"
	// Settlement is the commit of the settlement in Postgres.
	Settlement = "the settlement"
	// Placement is the write that makes the order Ready.
	Placement = "the placement write"
	// Mirror is the commit of the mirrored order in Postgres.
	Mirror = "the mirror"
	// Mail is the delivery of the confirmation.
	Mail = "the mail"
)

// Trap kills when the armed point is reached, once.
type Trap struct {
	mu    sync.Mutex
	armed *Point
	kill  func()
	hit   chan struct{}
}

// Arm sets the trap. The channel closes when it has sprung.
func (t *Trap) Arm(p Point, kill func()) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed, t.kill, t.hit = &p, kill, make(chan struct{})
	return t.hit
}

// Disarm takes the trap away.
func (t *Trap) Disarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed = nil
}

// At springs the trap when p is armed, and tells whether it has. The kill is
// complete when At returns, so nothing of the process sees what follows.
func (t *Trap) At(effect string, phase Phase) bool {
	if effect == "" {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.armed == nil || *t.armed != (Point{Effect: effect, Phase: phase}) {
		return false
	}
	t.armed = nil
	t.kill()
	close(t.hit)
	return true
}
