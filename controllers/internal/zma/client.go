package zma

import (
	"context"
	"fmt"
	"time"
)

// Client talks to one account at the provider.
type Client interface {
	// Submit makes the paid call, once.
	Submit(ctx context.Context, r OrderRequest) SubmitResult
	// Get reads an order by the provider's request ID.
	Get(ctx context.Context, requestID string) (Observation, error)
	// Find looks for an order in the provider's list by its key or, should the list
	// not echo keys, by identity and attempt, among those created since a time. Nil
	// means that the list does not have it, which proves nothing.
	Find(ctx context.Context, key, identity string, attempt int64, since time.Time) (*Observation, error)
	// Abort asks the provider to stop an order that it still works on.
	Abort(ctx context.Context, requestID string) (Observation, error)
	// Balance reads the prefunded balance.
	Balance(ctx context.Context) (Balance, error)
}

// Verdict is what one paid call has proven.
type Verdict string

const (
	// Accepted means that the provider gave a request ID.
	Accepted Verdict = "Accepted"
	// Rejected means that the provider refused by a documented answer.
	Rejected Verdict = "Rejected"
	// NotSent means that the call did not reach the provider, or was documented as
	// not processed.
	NotSent Verdict = "NotSent"
	// Unknown means anything else.
	Unknown Verdict = "Unknown"
)

// SubmitResult is how a paid call went.
type SubmitResult struct {
	// Verdict of the call.
	Verdict Verdict
	// RequestID when accepted.
	RequestID string
	// Code of the provider's refusal, or a word for what went wrong on the way.
	Code string
	// Class of the code.
	Class Class
	// RetryAfter is the pause that the provider asks for; 0 when it does not.
	RetryAfter time.Duration
	// Err is the cause, for logs; nil when accepted.
	Err error
}

// Phase is how far an order is at the provider.
type Phase string

const (
	// Processing means that the provider works on the order.
	Processing Phase = "Processing"
	// InReview means that the provider's staff looks at the order.
	InReview Phase = "InReview"
	// Placed means that the retailer has placed the order.
	Placed Phase = "Placed"
	// Failed means that the order ended with an error code.
	Failed Phase = "Failed"
	// CancelledByRetailer means that a placed order was cancelled later.
	CancelledByRetailer Phase = "CancelledByRetailer"
)

// Observation is what the provider says of an order.
type Observation struct {
	// RequestID of the order.
	RequestID string
	// Phase of the order.
	Phase Phase
	// Code of a failure.
	Code string
	// Class of the code.
	Class Class
	// Price of a placed order; nil when the provider does not say.
	Price *Price
	// MerchantOrderIDs at the retailer.
	MerchantOrderIDs []string
	// Parcels of the order.
	Parcels []Parcel
	// DeliveryDates as promised, in the provider's words.
	DeliveryDates []string
	// Key that the order was sent with, as echoed.
	Key string
	// Identity of the order, as echoed from our notes.
	Identity string
	// Attempt of the order, as echoed from our notes.
	Attempt int64
}

// Price of a placed order, in minor units. Adjustment is what the provider
// charged or granted beyond the named parts, so that the parts sum to the total.
type Price struct {
	SubtotalCents, ShippingCents, TaxCents, AdjustmentCents, TotalCents int64
	// Currency as an ISO 4217 code; empty when the provider does not say.
	Currency string
}

// Parcel is one parcel of an order.
type Parcel struct {
	// Carrier, Number and URL of the parcel; each may be empty.
	Carrier, Number, URL string
	// Delivered tells whether it has arrived.
	Delivered bool
}

// Balance of the account, in minor units.
type Balance struct {
	// AvailableCents can be spent.
	AvailableCents int64
	// PendingCents are charges under way, where the provider says.
	PendingCents int64
}

// Kind is how a call went wrong.
type Kind string

const (
	// KindNotSent means that the call did not reach the provider.
	KindNotSent Kind = "not-sent"
	// KindUnauthorized means that the provider refuses the token.
	KindUnauthorized Kind = "unauthorized"
	// KindRateLimited means that the provider asks for a pause.
	KindRateLimited Kind = "rate-limited"
	// KindUnavailable means no answer, or a server error.
	KindUnavailable Kind = "unavailable"
	// KindNotFound means that the provider does not know the request ID, which it
	// also says of one that is still queued.
	KindNotFound Kind = "not-found"
	// KindUnreadable means an answer that can't be understood.
	KindUnreadable Kind = "unreadable"
	// KindRefused means that the provider refused the call by an error code.
	KindRefused Kind = "refused"
)

// CallError is an error of a call. It says nothing about the order.
type CallError struct {
	// Call by name.
	Call string
	// Kind of error.
	Kind Kind
	// Status of the answer; 0 without one.
	Status int
	// Code of the provider's error object; empty without one.
	Code string
	// RetryAfter is the pause that the provider asks for.
	RetryAfter time.Duration
	// Err is the cause.
	Err error
}

// Error implements error. It holds no token and no personal data.
func (e *CallError) Error() string {
	s := fmt.Sprintf("provider call %s: %s", e.Call, e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(", HTTP %d", e.Status)
	}
	if e.Code != "" {
		s += ", code " + e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *CallError) Unwrap() error { return e.Err }
