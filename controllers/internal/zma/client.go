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
	// means that the list does not have it, which proves nothing. ctx bounds the
	// whole search; each page has a share of its own, Config.PageTimeout.
	Find(ctx context.Context, key, identity string, attempt int64, since time.Time) (*Observation, error)
	// List visits the provider's orders created since a time, in the provider's
	// order and each once, until visit answers false. An entry that can't be read is
	// visited with what is known of it, as Processing; one without a readable
	// request ID is left out. ctx bounds the whole walk; each page has a share of
	// its own, Config.PageTimeout.
	List(ctx context.Context, since time.Time, visit func(Observation) bool) error
	// Abort asks the provider to stop an order that it still works on.
	Abort(ctx context.Context, requestID string) (Observation, error)
	// Retry asks the provider to make a new order of a failed one, and returns the
	// new one's request ID. key is the new order's idempotency key: 36 characters.
	// It is a paid call: only a *CallError of KindNotSent, KindRateLimited,
	// KindUnauthorized, KindNotFound or KindRefused proves that this call made no
	// order. After any other the call may be repeated with the same key alone.
	Retry(ctx context.Context, requestID, key string) (string, error)
	// Cancel asks for the cancellation of one merchant order of a placed order and
	// returns the cancellation's own ID. A *CallError of KindUnsupported means that
	// this version of the API can't cancel what is placed, one of KindRefused that
	// the provider does not take the cancellation up. To ask again is harmless.
	Cancel(ctx context.Context, requestID, merchantOrderID string) (string, error)
	// Cancellation reads a cancellation. An error says nothing about it.
	Cancellation(ctx context.Context, id string) (Cancellation, error)
	// Case reads the case of an order; its State is empty when there is none.
	Case(ctx context.Context, requestID string) (Case, error)
	// OpenCase opens a case for a reason, or adds a message when reason is empty,
	// and gives the case as it is then.
	OpenCase(ctx context.Context, requestID, reason, message string) (Case, error)
	// Return asks for the return of goods and gives the return's own ID. The provider
	// documents nothing that makes a repeat harmless.
	Return(ctx context.Context, requestID string, r ReturnRequest) (string, error)
	// Returned reads a return. An error says nothing about it.
	Returned(ctx context.Context, id string) (Return, error)
	// Balance reads the prefunded balance.
	Balance(ctx context.Context) (Balance, error)
	// Transactions reads one page of the balance's movements, latest first. One
	// whose amount can't be read is left out.
	Transactions(ctx context.Context, count, offset int) ([]Transaction, error)
	// Refunds gives what the provider has paid back for an order placed since a
	// time: movements of a known type, with the sign of money that comes in. Those of
	// other types are counted as unknown. It gives them as far as it is among the latest 2000 movements of the balance: that one
	// is missing proves nothing. ctx bounds the whole walk, as with List.
	Refunds(ctx context.Context, requestID string, since time.Time) ([]Refund, error)
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

// Answered tells whether the provider has answered the call at all, be it by a
// refusal.
func (r SubmitResult) Answered() bool {
	switch r.Code {
	case codeNotSent, codeNoAnswer, codeServer:
		return r.Verdict == Accepted || r.Verdict == Rejected
	}
	return true
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
	// Price of a placed order in the account's currency; nil when the provider does
	// not say.
	Price *Price
	// ForeignPrice is the currency of a price that is told in another one alone.
	ForeignPrice string
	// MerchantOrderIDs at the retailer.
	MerchantOrderIDs []string
	// Products are the IDs of what each merchant order holds, where the provider names
	// them. How many of each there are it does not say.
	Products map[string][]string
	// Items are how far the items of the order are, where the provider says; version 2
	// alone does.
	Items []ItemState
	// Parcels of the order, each once.
	Parcels []Parcel
	// CancelledMerchantOrders are those of MerchantOrderIDs that were cancelled after
	// they had been placed.
	CancelledMerchantOrders []string
	// StrayCancellations are merchant orders that the provider tells to be cancelled
	// and that are none of MerchantOrderIDs; empty texts where it names them in a way
	// that can't be read.
	StrayCancellations []string
	// DeliveryDates as promised, in the provider's words.
	DeliveryDates []string
	// Key that the order was sent with, as echoed.
	Key string
	// Identity of the order, as echoed from our notes.
	Identity string
	// Attempt of the order, as echoed from our notes.
	Attempt int64
	// CreatedAt is when the provider made the order; zero when it does not say.
	CreatedAt time.Time
}

// CancellationState is how far a cancellation is.
type CancellationState string

const (
	// CancellationPending means that it is not decided yet.
	CancellationPending CancellationState = "Pending"
	// CancellationDone means that the merchant order is cancelled.
	CancellationDone CancellationState = "Done"
	// CancellationRefused means that it could not be cancelled; the order itself
	// goes on.
	CancellationRefused CancellationState = "Refused"
)

// Cancellation is what the provider says of a cancellation.
type Cancellation struct {
	// State of the cancellation.
	State CancellationState
	// Code of the provider when pending or refused; may be empty.
	Code string
}

// Case is the provider's case about an order.
type Case struct {
	// State is open or closed; empty without a case.
	State string
	// Messages by type, oldest first.
	Messages []string
}

// ReturnRequest asks for a return.
type ReturnRequest struct {
	// Products to send back, by product ID and quantity.
	Products map[string]int32
	// ReasonCode and MethodCode by the provider's names.
	ReasonCode, MethodCode string
	// Explanation in words.
	Explanation string
}

// Return is what the provider says of a return.
type Return struct {
	// Pending means that it is under way.
	Pending bool
	// Code of a refusal; empty otherwise.
	Code string
	// MerchantReturnID at the retailer.
	MerchantReturnID string
	// LabelURLs of the parcels' labels.
	LabelURLs []string
}

// Transaction is one movement of the balance.
type Transaction struct {
	// ID of the movement; empty when the provider does not say.
	ID string
	// Type in the provider's words.
	Type string
	// AmountCents in minor units; debits are negative.
	AmountCents int64
	// RequestID of the order; empty for other movements.
	RequestID string
	// CreatedAt is zero when the provider does not say.
	CreatedAt time.Time
}

// Refund is money that came back for an order.
type Refund struct {
	// Reference of the movement, the same each time it is read.
	Reference string
	// Cents that came back, in minor units.
	Cents int64
}

// Price of a placed order, in minor units. Adjustment is what the provider
// charged or granted beyond the named parts, so that the parts sum to the total.
type Price struct {
	SubtotalCents, ShippingCents, TaxCents, AdjustmentCents, TotalCents int64
	// Currency as an ISO 4217 code; empty when the provider does not say.
	Currency string
	// Charged is what the account was charged for the total, where the retailer's
	// currency is another than the account's; empty when the provider does not say.
	Charged Charge
}

// Charge is an amount in minor units of its currency.
type Charge struct {
	Cents    int64
	Currency string
}

// ItemState is how far one item of an order is.
type ItemState string

const (
	// ItemOpen means that it may still come; so does anything that is not documented.
	ItemOpen ItemState = "Open"
	// ItemDelivered means that it has arrived.
	ItemDelivered ItemState = "Delivered"
	// ItemCancelled means that it was cancelled and will not come.
	ItemCancelled ItemState = "Cancelled"
)

// Parcel is one parcel of an order.
type Parcel struct {
	// Carrier, Number and URL of the parcel; each may be empty.
	Carrier, Number, URL string
	// OtherNumber of the same parcel: the retailer's and the provider's differ, and
	// either may be told before the other. Empty when there is but one.
	OtherNumber string
	// MerchantOrderIDs that the parcel belongs to; empty when the provider does not say.
	MerchantOrderIDs []string
	// Products in the parcel, an ID for each piece; empty when the provider does not say.
	Products []string
	// Delivered tells whether it has arrived.
	Delivered bool
}

// Balance of the account, in minor units.
type Balance struct {
	// AvailableCents can be spent on orders, those included that the provider works on
	// already: the caller takes off what it has reserved for its own.
	AvailableCents int64
	// PendingCents are charges under way, where the provider says; in version 2 what it
	// holds back for orders under way, which AvailableCents still holds.
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
	// KindUnsupported means that this version of the API has no such call.
	KindUnsupported Kind = "unsupported"
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
	// CallID is the provider's own name of the call, which its support asks for;
	// empty when it gave none.
	CallID string
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
	if e.CallID != "" {
		s += ", provider's ID of the call " + e.CallID
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *CallError) Unwrap() error { return e.Err }
