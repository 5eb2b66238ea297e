package ledger

import (
	"errors"
	"fmt"
)

var (
	// ErrUnavailable means that the database could not be asked, or that its
	// answer was lost. Nothing new may be spent; repeating is right.
	ErrUnavailable = errors.New("ledger unavailable")
	// ErrSchemaVersion means that the schema and this program don't fit.
	ErrSchemaVersion = errors.New("ledger schema version does not fit")
	// ErrInvalid means that the database refused the values. Repeating is
	// useless.
	ErrInvalid = errors.New("ledger refused the values")
	// ErrPooler means that the URL leads to a pooler in transaction mode where
	// only Postgres itself will do.
	ErrPooler = errors.New("the database URL leads to a pooler, Postgres itself is needed")
	// ErrNotFound means that the row named does not exist.
	ErrNotFound = errors.New("not found in the ledger")
)

// ErrClosed means that the order has its outcome and is never bought again.
type ErrClosed struct {
	// History holds the recorded outcome.
	History History
}

// Error names the outcome.
func (e *ErrClosed) Error() string {
	return fmt.Sprintf("ledger: the order was closed before as %s", e.History.Outcome)
}

// ErrAttempt means that this attempt may not be reserved after what the ledger
// has recorded.
type ErrAttempt struct {
	// Attempt that was asked for.
	Attempt int64
	// History holds the latest attempt recorded.
	History History
}

// Error names both attempts.
func (e *ErrAttempt) Error() string {
	if e.History.Latest.Number == 0 {
		return fmt.Sprintf("ledger: attempt %d does not follow: none is recorded", e.Attempt)
	}
	return fmt.Sprintf("ledger: attempt %d does not follow: attempt %d is %s",
		e.Attempt, e.History.Latest.Number, e.History.Latest.State)
}

// The limits that ErrLimit names.
const (
	LimitDaily         = "daily"
	LimitMonthly       = "monthly"
	LimitCustomerDaily = "customerDaily"
	LimitBalance       = "balance"
)

// ErrLimit means that the reservation would exceed a limit. All amounts are in
// minor units.
type ErrLimit struct {
	// Limit is one of the Limit constants.
	Limit string
	// LimitCents is the limit's value.
	LimitCents int64
	// UsedCents is what was settled and reserved before.
	UsedCents int64
	// WantedCents is what this reservation asked for.
	WantedCents int64
}

// Error names the limit and its amounts.
func (e *ErrLimit) Error() string {
	return fmt.Sprintf("ledger: the %s limit of %d cents has %d used, %d more were wanted",
		e.Limit, e.LimitCents, e.UsedCents, e.WantedCents)
}

// ErrMismatch means that an operation contradicts what is recorded.
type ErrMismatch struct {
	// Attempt that the operation named.
	Attempt int64
	// State recorded for it; empty when the order's outcome is what differs.
	State AttemptState
	// Outcome recorded for the order.
	Outcome Outcome
	// RecordedCents and GivenCents are the totals of a settlement.
	RecordedCents, GivenCents int64
}

// Error names what is recorded.
func (e *ErrMismatch) Error() string {
	return fmt.Sprintf("ledger: attempt %d contradicts the record: state %q, outcome %q, total %d recorded, %d given",
		e.Attempt, e.State, e.Outcome, e.RecordedCents, e.GivenCents)
}
