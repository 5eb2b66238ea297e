package pace

import "time"

// Submitted notes how a submission went: whether the provider answered at all,
// and the pause that it asked for.
func (g *Gate) Submitted(answered bool, retryAfter time.Duration, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := now.Add(retryAfter); retryAfter > 0 && until.After(g.pausedUntil) {
		g.pausedUntil = until
	}
	if answered {
		g.tell(g.breaker.succeeded(now))
		return
	}
	g.tell(g.breaker.failed(g.limits.Failures, now))
}

// Unanswered notes that a call which buys nothing got no answer. That such a call
// was answered does not count against failures: reading may work while buying
// does not.
func (g *Gate) Unanswered(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tell(g.breaker.failed(g.limits.Failures, now))
}

// Probed notes that the provider has answered the probe. When no order waits to
// try, that has to do.
func (g *Gate) Probed(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	changed := g.breaker.answered()
	if g.breaker.state == HalfOpen && g.queue.len() == 0 && len(g.granted) == 0 && !now.Before(g.trialUntil) {
		changed = g.breaker.succeeded(now)
	}
	g.tell(changed)
}

func (g *Gate) tell(changed bool) {
	if !changed {
		return
	}
	g.trialUntil = time.Time{}
	g.changed(g.breaker.state)
}
