// Package callback makes and checks the tokens of the URLs on which the
// provider reports news of an order. The provider signs nothing, so the URL has
// to prove that it was handed out for this order, attempt and event.
package callback

import (
	"slices"
	"time"
)

// Claims are what a token is bound to. A token for one order, attempt or event
// is worthless for any other.
type Claims struct {
	// Namespace of the order and its account.
	Namespace string
	// Account is the name of the ZMAAccount whose Secret signs.
	Account string
	// Order is the name of the ZMAOrder.
	Order string
	// Attempt of the submission that handed the URL out.
	Attempt int64
	// Event is one of Events.
	Event string
	// Expires is when the token stops to verify, in whole seconds.
	Expires time.Time
}

// Events are the provider's names of the events it reports. Bodies do not name
// their event, so each gets a URL of its own.
func Events() []string {
	return []string{
		"request_succeeded", "request_failed",
		"tracking_obtained", "tracking_updated",
		"status_updated", "case_updated",
	}
}

func knownEvent(event string) bool { return slices.Contains(Events(), event) }
