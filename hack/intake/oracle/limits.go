package oracle

import (
	"net/http"
	"slices"
	"time"
)

// limits: in no span of time do more requests of a source pass its limit than all
// replicas together may let pass.
func (b *books) limits() {
	for source, l := range b.Limits {
		var passed []Try
		for _, d := range b.Deliveries {
			for _, t := range d.Tries {
				if d.Source == source && passes(t.Status) {
					passed = append(passed, t)
				}
			}
		}
		if n, span := l.most(passed); n > 0 {
			b.say("limits hold", "", "%d requests of %s passed in %s, allowed are %.0f", n, source, span, l.allowed(span))
		}
	}
}

// passes tells whether a request that was answered so has counted: those that are
// not authenticated, limited or not possible now have not, or may not have.
func passes(status int) bool {
	return status != 0 && status != http.StatusUnauthorized && !again(status)
}

// allowed in a span of time.
func (l Limit) allowed(span time.Duration) float64 {
	n := float64(l.Replicas)
	return float64(l.PerMinute)*(span.Minutes()+n*l.Slack.Minutes()) + n*float64(l.Burst)
}

// most finds a span in which too many passed, by when they were sent at the
// earliest and answered at the latest; none when it returns 0.
func (l Limit) most(passed []Try) (n int, span time.Duration) {
	slices.SortFunc(passed, func(a, b Try) int { return a.Answered.Compare(b.Answered) })
	for _, first := range passed {
		within := 0
		for _, t := range passed {
			if t.Sent.Before(first.Sent) {
				continue
			}
			within++
			if span := t.Answered.Sub(first.Sent); float64(within) > l.allowed(span)+1 {
				return within, span
			}
		}
	}
	return 0, 0
}
