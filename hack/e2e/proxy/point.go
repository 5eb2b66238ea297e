// Package proxy stands between the real operator process and everything it
// changes, and can kill the process right before or right after one effect. The
// product needs no hooks for it.
package proxy

import "strings"

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
	// Nth time that the effect is seen since the trap was armed; the first when 0.
	Nth int
	// Since is an effect that has to happen first; none when empty.
	Since string
}

// String is phase, number and effect, such as "after the second paid call".
func (p Point) String() string {
	effect := p.Effect
	if p.Nth > 1 {
		effect = strings.Replace(effect, "the ", "the "+[]string{"", "", "second ", "third "}[p.Nth], 1)
	}
	return string(p.Phase) + " " + effect
}
