// Package verify proves who sent a request, over its raw body. Every check
// fails closed: without a usable secret nothing verifies.
package verify

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrUnauthenticated means that no secret proves the sender. It is one error
// for every cause, so that an answer tells nothing of how close a guess was.
var ErrUnauthenticated = errors.New("sender is not authenticated")

// Causes of ErrUnauthenticated, for metrics and logs alone: the sender is told
// none of them.
var (
	// ErrNoSignature means that the request has no signature, or none that could
	// be read.
	ErrNoSignature = fmt.Errorf("%w: no signature", ErrUnauthenticated)
	// ErrStale means that the time of the signature is too far from now.
	ErrStale = fmt.Errorf("%w: time out of tolerance", ErrUnauthenticated)
	// ErrMismatch means that no secret makes this signature or token.
	ErrMismatch = fmt.Errorf("%w: no secret matches", ErrUnauthenticated)
)

// ErrSecretUnusable means that a secret is empty, too short or wrongly encoded.
var ErrSecretUnusable = errors.New("secret can't be used")

// Secret is one of a source's secrets.
type Secret struct {
	// Index in the source's list of references.
	Index int
	// Name for metrics: those of the Secret and its key, as name/key.
	Name string
	// Value as read from the Secret.
	Value []byte
}

// Request is what a verifier looks at.
type Request struct {
	Header http.Header
	// Body as received, byte for byte.
	Body []byte
	// Now is the time of arrival.
	Now time.Time
	// Tolerance between a signature's time and Now, in both directions.
	Tolerance time.Duration
}

// Result of a verified request.
type Result struct {
	// Index of the secret that matched.
	Index int
	// Secret is the name of the one that matched.
	Secret string
	// MessageID that the sender signed; empty for schemes without one.
	MessageID string
	// SignedAt is the time that the sender signed; zero for schemes without one,
	// whose requests can't be told from exact replays.
	SignedAt time.Time
}
