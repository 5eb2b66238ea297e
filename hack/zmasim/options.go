package zmasim

import (
	"crypto/x509"
	"net/http"
	"time"
)

// Options configure a simulator. The zero value works: every field has a default.
type Options struct {
	// Addr is the address to listen on; "127.0.0.1:0" (any free port) when empty.
	Addr string
	// Token is the client token expected as the user name of HTTP Basic;
	// "sim-token" when empty.
	Token string
	// BalanceCents is the opening balance in cents, 10,000,000 when zero. Use
	// Server.SetBalance for an empty account.
	BalanceCents int64
	// Processing is the time from POST to the outcome; 200ms when zero.
	Processing time.Duration
	// Delivery is the time from the outcome until the last parcel is delivered;
	// its first half passes before the last parcel has tracking. Zero: parcels move
	// only by Server.Advance.
	Delivery time.Duration
	// CallbackRetry is the pause before the second try of a callback. It doubles
	// per try, up to 64 times itself; one second when zero.
	CallbackRetry time.Duration
	// CallbackRootCAs are trusted for callbacks to https URLs, beside nothing
	// else; nil means the system's.
	CallbackRootCAs *x509.CertPool
	// ListingLag hides orders younger than itself from GET /v1/orders.
	ListingLag time.Duration
	// Control serves /sim/ on the same address, without authentication.
	Control bool
	// Logf receives one line per noteworthy event; nothing of a request's body.
	Logf func(format string, args ...any)
	// StateFile keeps orders, answers, balance, requests and purchases as JSON lines,
	// read again at start. Callbacks still to be sent are not kept.
	StateFile string
	// Switches choose among behaviours that the provider does not document.
	Switches Switches
	// V2 serves version 2 of the API too, on a second address; see Server.V2URL.
	V2 bool
	// V2Addr is that address; "127.0.0.1:0" when empty.
	V2Addr string
	// V2WebhookURL receives all events of orders placed by version 2; none are sent when
	// it is empty. V2WebhookSecret signs them. See Server.SetV2Webhook.
	V2WebhookURL    string
	V2WebhookSecret string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Switches choose among behaviours that the provider's documentation leaves
// open. Each zero value is the likeliest behaviour.
type Switches struct {
	// ValidationStatus is the HTTP status of refusals at POST; 400 when zero.
	ValidationStatus int
	// TokenStatus is the HTTP status for a wrong token; 401 when zero.
	TokenStatus int
	// UnknownIDStatus is the HTTP status for an unknown request ID; 200 when zero.
	UnknownIDStatus int
	// LenientFields accepts orders in which only products and address are given.
	// A missing max_price then means a million dollars, as documented.
	LenientFields bool
	// RefuseChangedBody refuses a known key that comes with another body,
	// where the default replays the first answer.
	RefuseChangedBody bool
	// InsufficientAtPost refuses for lack of balance at once rather than as an outcome.
	InsufficientAtPost bool
	// BareList answers GET /v1/orders with the array itself, without {"orders"}.
	BareList bool
	// UnsignedCharges gives the charges of orders without their sign, and by a type that
	// nobody documents.
	UnsignedCharges bool
	// Balance is the body of GET /v1/addax/balance.
	Balance BalanceShape
	// V2FlatErrors answers version 2's errors without the "error" around them.
	V2FlatErrors bool
	// V2FundsFirst looks at the wallet before the key: an order whose answer was lost
	// can then be refused for lack of funds when it is repeated.
	V2FundsFirst bool
}

// BalanceShape names a body of GET /v1/addax/balance.
type BalanceShape string

const (
	// BalanceFull has balance, available_balance, pending_charges and currency.
	BalanceFull BalanceShape = ""
	// BalancePlain has balance alone.
	BalancePlain BalanceShape = "plain"
	// BalanceAvailable has available_balance alone.
	BalanceAvailable BalanceShape = "available"
	// BalanceUnreadable has no figure that a client could read.
	BalanceUnreadable BalanceShape = "unreadable"
)

func (o Options) withDefaults() Options {
	o.Addr = orElse(o.Addr, "127.0.0.1:0")
	o.Token = orElse(o.Token, "sim-token")
	o.V2Addr = orElse(o.V2Addr, "127.0.0.1:0")
	o.BalanceCents = orElse(o.BalanceCents, 10_000_000)
	o.Processing = orElse(o.Processing, 200*time.Millisecond)
	o.CallbackRetry = orElse(o.CallbackRetry, time.Second)
	o.Switches.ValidationStatus = orElse(o.Switches.ValidationStatus, http.StatusBadRequest)
	o.Switches.TokenStatus = orElse(o.Switches.TokenStatus, http.StatusUnauthorized)
	o.Switches.UnknownIDStatus = orElse(o.Switches.UnknownIDStatus, http.StatusOK)
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
