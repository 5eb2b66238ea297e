// Package verify proves who sent a request, over its raw body. Every check
// fails closed: without a usable secret nothing verifies.
package verify

import (
	"errors"
	"net/http"
	"time"
)

// ErrUnauthenticated means that no secret proves the sender. It is one error
// for every cause, so that an answer tells nothing of how close a guess was.
var ErrUnauthenticated = errors.New("sender is not authenticated")

// ErrSecretUnusable means that a secret is empty, too short or wrongly encoded.
var ErrSecretUnusable = errors.New("secret can't be used")

// Secret is one of a source's secrets.
type Secret struct {
	// Index in the source's list of references.
	Index int
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
	// MessageID that the sender signed; empty for schemes without one.
	MessageID string
}
