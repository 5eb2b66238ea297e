package payment

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotConfigured means that there is no key to ask Stripe with.
var ErrNotConfigured = errors.New("stripe is not set up for this account")

// ErrKeyUnusable means that the key is not one of Stripe's secret or restricted
// keys, so that it can't be told whether it sees live or test payments.
var ErrKeyUnusable = errors.New("the stripe key is neither a secret nor a restricted key")

// ErrKeyRefused means that Stripe does not take the key, or that a restricted key
// may not read PaymentIntents and charges.
var ErrKeyRefused = errors.New("stripe refuses the key")

// ErrUnreadable means that Stripe answered with something from which nothing can
// be concluded. It says nothing against the payment.
var ErrUnreadable = errors.New("the answer of stripe can't be used")

// StatusError is an answer of Stripe's that says nothing about the payment, such
// as a rate limit or a fault of its own.
type StatusError struct {
	// Code is the HTTP status.
	Code int
	// RetryAfter is the pause that Stripe asks for; 0 when it asks for none.
	RetryAfter time.Duration
}

// Error implements error. The body is left out: it may quote the request.
func (e *StatusError) Error() string { return fmt.Sprintf("stripe answered with status %d", e.Code) }
