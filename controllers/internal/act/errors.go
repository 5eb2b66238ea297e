package act

import (
	"errors"
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Terminal ends an order, or leaves it to a person.
type Terminal struct {
	// Reason is one of v1alpha1.StalledReasons.
	Reason string
	// Message for people, without personal data.
	Message string
}

// Error implements error.
func (e *Terminal) Error() string { return e.Reason + ": " + e.Message }

// Wait leaves an order until a dependency answers.
type Wait struct {
	// Reason is one of v1alpha1.ProgressReasons; empty leaves the conditions as they
	// are.
	Reason string
	// Message for people, without personal data.
	Message string
	// After is the longest time until the next try.
	After time.Duration
	// Err is the cause; nil when waiting is no fault.
	Err error
}

// quietly makes a wait leave the conditions as they are: an order that has ended
// does not seem to go on because its record has to wait.
func quietly(err error) error {
	var wait *Wait
	if errors.As(err, &wait) {
		return &Wait{After: wait.After, Err: wait}
	}
	return err
}

// Error implements error.
func (e *Wait) Error() string {
	if e.Err == nil {
		return e.Reason + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s: %v", e.Reason, e.Message, e.Err)
}

// Unwrap gives the cause.
func (e *Wait) Unwrap() error { return e.Err }

// Transient is a fault that the next try is likely to overcome.
type Transient struct{ Err error }

// Error implements error.
func (e *Transient) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Transient) Unwrap() error { return e.Err }

// OutcomeUnknown means that a paid call was made and its outcome could not be
// persisted. The intent stays, so the next reconciliation resolves it.
type OutcomeUnknown struct{ Err error }

// Error implements error.
func (e *OutcomeUnknown) Error() string { return "outcome not persisted: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *OutcomeUnknown) Unwrap() error { return e.Err }

// errChanged means that the order has changed since it was read. The next
// reconciliation sees the change; nothing was done.
var errChanged = errors.New("the order has changed since it was read")

// IsChanged tells whether err only says that the order has changed.
func IsChanged(err error) bool { return errors.Is(err, errChanged) }

// ledgerPause is the pause before the ledger is asked again.
const ledgerPause = 5 * time.Second

// fromLedger types an error of the ledger. Nothing is spent while the ledger
// can't tell what may be spent.
func fromLedger(err error) error {
	if errors.Is(err, ledger.ErrUnavailable) {
		return &Wait{Reason: v1alpha1.ReasonLedgerUnavailable, Message: "The ledger can't be reached; nothing is spent without it.", After: ledgerPause, Err: err}
	}
	return &Transient{Err: err}
}
