package webhookserver

import (
	"errors"

	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// Security events: requests that an attack would send too. They are counted,
// logged and recorded apart from outcomes, so that each can have an alert of its
// own.
const (
	eventBadSignature   = "bad_signature"   // no secret makes this signature or token
	eventStaleSignature = "stale_signature" // its time is too far from ours
	eventNoSignature    = "no_signature"    // none, or none that can be read
	eventReplay         = "replay"          // the same signed request again
	eventRateLimited    = "rate_limited"
	eventCardNumber     = "card_number"
	eventOriginRefused  = "origin_refused" // a browser on a page that the source does not know
	eventBadCallback    = "bad_callback"   // a callback that nobody has signed
)

// securityEvents are all of them.
func securityEvents() []string {
	return []string{eventBadSignature, eventStaleSignature, eventNoSignature, eventReplay,
		eventRateLimited, eventCardNumber, eventOriginRefused, eventBadCallback}
}

// unauthenticatedEvent tells apart what the answer does not.
func unauthenticatedEvent(err error) string {
	switch {
	case errors.Is(err, verify.ErrStale):
		return eventStaleSignature
	case errors.Is(err, verify.ErrNoSignature):
		return eventNoSignature
	}
	return eventBadSignature
}
