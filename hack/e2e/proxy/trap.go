package proxy

import (
	"maps"
	"slices"
	"sync"
)

// Trap kills when the armed point is reached, once. It also notes what passes:
// an effect that no proxy can name would be one that no test kills at.
type Trap struct {
	mu      sync.Mutex
	armed   *Point
	count   int             // how often the armed effect has come by
	since   map[string]bool // effects that have happened since the trap was armed
	unnamed map[string]bool
	kill    func()
	hit     chan struct{}
}

// Arm sets the trap. The channel closes when it has sprung.
func (t *Trap) Arm(p Point, kill func()) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed, t.count, t.since = &p, 0, map[string]bool{}
	t.kill, t.hit = kill, make(chan struct{})
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
	if !t.reached(effect, phase) {
		return false
	}
	t.armed = nil
	t.kill()
	close(t.hit)
	return true
}

// reached counts an effect that comes by, and tells whether it is the armed one. An
// effect that fails has a Before and no After; the next one that happens counts.
func (t *Trap) reached(effect string, phase Phase) bool {
	if t.armed == nil {
		return false
	}
	ready := t.armed.Since == "" || t.since[t.armed.Since]
	if phase == After {
		t.since[effect] = true
	}
	if !ready || t.armed.Effect != effect {
		return false
	}
	if phase == Before {
		t.count++
	}
	return t.armed.Phase == phase && t.count >= max(1, t.armed.Nth)
}

// Unnamed are the changes that went through the proxies and have no name.
func (t *Trap) Unnamed() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.unnamed))
}

// noteUnnamed keeps what a classifier could not name.
func (t *Trap) noteUnnamed(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unnamed == nil {
		t.unnamed = map[string]bool{}
	}
	t.unnamed[what] = true
}
