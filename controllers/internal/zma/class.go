package zma

import "time"

// Class is what an error code means for an order.
type Class string

// Classes of error codes.
const (
	// InProgress is no error: the provider is at work.
	InProgress Class = "InProgress"
	// Review means that the provider's staff looks at the order; it goes on by itself.
	Review Class = "Review"
	// UnknownOutcome means that the order may or may not have been placed.
	UnknownOutcome Class = "UnknownOutcome"
	// RetryLater means that a new attempt may succeed.
	RetryLater Class = "RetryLater"
	// AwaitFunds means that the prefunded balance is too low.
	AwaitFunds Class = "AwaitFunds"
	// Operator means that the account at the provider needs its operator.
	Operator Class = "Operator"
	// Decision means that a person decides on price, delivery or an unknown code.
	Decision Class = "Decision"
	// CustomerAddress means that the customer has to correct the address.
	CustomerAddress Class = "CustomerAddress"
	// RejectedForGood means that these goods can't be bought like this.
	RejectedForGood Class = "RejectedForGood"
	// OurFault means that the request itself was wrong.
	OurFault Class = "OurFault"
	// Duplicate means that the provider takes the order for one it has already.
	Duplicate Class = "Duplicate"
	// Aborted means that the provider stopped at our request; nothing was bought.
	Aborted Class = "Aborted"
	// CancelPending means that a cancellation is not decided yet.
	CancelPending Class = "CancelPending"
)

// CodeClass is one row of the classification table.
type CodeClass struct {
	// Code of the provider.
	Code string
	// Class of the code.
	Class Class
	// Meaning for people.
	Meaning string
	// MaxAttempts in a row that may end with the code before a person decides;
	// 0 for classes that are not retried.
	MaxAttempts int
	// MinPause between two attempts that end with the code.
	MinPause time.Duration
	// Known tells whether the table holds the code.
	Known bool
	// OnlyV2 tells whether version 1 of the API does not document the code.
	OnlyV2 bool
}
