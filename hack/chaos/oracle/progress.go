package oracle

import (
	"fmt"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Step is what one stored status of an order says.
type Step struct {
	UID string
	// Reason of Ready, and the status of Placed and Delivered; empty without the
	// condition.
	Reason, Placed, Delivered string
	// Attempt of the submission; 0 without one.
	Attempt int64
	// Empty statuses are those that no controller has written.
	Empty bool
}

// Progress checks that orders only move forward, status by status.
type Progress struct {
	last  map[string]Step
	wiped map[string]int
}

// NewProgress has seen nothing.
func NewProgress() *Progress { return &Progress{last: map[string]Step{}, wiped: map[string]int{}} }

// Wipe allows an order to lose its status once.
func (p *Progress) Wipe(uid string) { p.wiped[uid]++ }

// See compares a status with the one before it.
func (p *Progress) See(s Step) error {
	before, known := p.last[s.UID]
	p.last[s.UID] = s
	switch {
	case !known:
		return nil
	case s.Empty && !before.Empty:
		if p.wiped[s.UID] == 0 {
			return fmt.Errorf("the status was lost after %s", before.Reason)
		}
		p.wiped[s.UID]--
		return nil
	case before.Placed == "True" && s.Placed != "True":
		return fmt.Errorf("condition Placed went from True to %q (%s to %s)", s.Placed, before.Reason, s.Reason)
	case before.Delivered == "True" && s.Delivered != "True":
		return fmt.Errorf("condition Delivered went from True to %q (%s to %s)", s.Delivered, before.Reason, s.Reason)
	case s.Attempt < before.Attempt:
		return fmt.Errorf("the attempt went from %d to %d", before.Attempt, s.Attempt)
	case backwards(before.Reason, s.Reason):
		return fmt.Errorf("it went from %s back to %s", before.Reason, s.Reason)
	}
	return nil
}

// backwards tells whether one reason can't follow another: goods that were sent
// are not placed again, and what has ended has ended.
func backwards(from, to string) bool {
	if from == to {
		return false
	}
	switch from {
	case v1alpha1.ReasonShipped:
		return to == v1alpha1.ReasonPlaced
	case v1alpha1.ReasonDelivered, v1alpha1.ReasonRejected, v1alpha1.ReasonCancelled,
		v1alpha1.ReasonCancelledByRetailer, v1alpha1.ReasonCancelledAfterPlacement:
		return true
	}
	return false
}
