package machine

import "time"

// Kind is what to do. Each kind has one executor.
type Kind string

const (
	// AddFinalizer makes sure that the order can't vanish while it may be bought.
	AddFinalizer Kind = "AddFinalizer"
	// Finalize records a deleted order and lets it go.
	Finalize Kind = "Finalize"
	// Recall asks the ledger what it knows of an order without an attempt.
	Recall Kind = "Recall"
	// Validate checks the order itself.
	Validate Kind = "Validate"
	// VerifyPayment checks the customer's payment at its provider.
	VerifyPayment Kind = "VerifyPayment"
	// Reserve reserves the maximum price of the next attempt in the ledger.
	Reserve Kind = "Reserve"
	// Supersede ends an attempt that was not sent and does not fit any more.
	Supersede Kind = "Supersede"
	// Submit persists the intent, makes the paid call, and persists its outcome.
	Submit Kind = "Submit"
	// Resolve finds out what became of a call whose outcome is not known.
	Resolve Kind = "Resolve"
	// Observe reads the order from the provider.
	Observe Kind = "Observe"
	// RecordCost settles the actual cost in the ledger.
	RecordCost Kind = "RecordCost"
	// Recover does what a person has asked for by annotation.
	Recover Kind = "Recover"
	// Cancel asks for the cancellation of a placed order.
	Cancel Kind = "Cancel"
	// FollowCancellation reads how far a cancellation is.
	FollowCancellation Kind = "FollowCancellation"
	// Release gives the reservation of a failed attempt back.
	Release Kind = "Release"
	// Abort asks the provider to stop an order that it still works on.
	Abort Kind = "Abort"
	// Wait leaves the order until After, or until something changes.
	Wait Kind = "Wait"
	// Stall leaves the order to a person. With After it is looked at again.
	Stall Kind = "Stall"
	// Done leaves a finished order.
	Done Kind = "Done"
)

// Action is a decision.
type Action struct {
	// Kind of the action.
	Kind Kind
	// Reason that Ready takes: for Wait, Stall and Release.
	Reason string
	// Message for people, without personal data.
	Message string
	// After is the longest time until the order is looked at again; 0 means until
	// something changes.
	After time.Duration
	// Attempt to reserve.
	Attempt int64
	// Repeat allows Resolve to send the same call again. Without it, it only
	// looks.
	Repeat bool
	// Final makes Release close the order's identity: it is never bought.
	Final bool
}
