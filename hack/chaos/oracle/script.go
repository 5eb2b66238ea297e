package oracle

import (
	"fmt"
	"strings"
	"time"
)

// Behaviour is what the provider does with an order's product.
type Behaviour string

// Behaviours of products. Fails, FailsOnce and Refuses go with a code.
const (
	// Buys buys; so do products that take long, are split or are reviewed first.
	Buys Behaviour = "buys"
	// RetailerCancels buys, and the retailer takes it back later.
	RetailerCancels Behaviour = "buys, then the retailer cancels"
	// Stuck is processed until somebody aborts.
	Stuck Behaviour = "is processed for ever"
	// AbortTooLate buys in spite of an abort.
	AbortTooLate Behaviour = "buys, aborted or not"
	// CancelRefused buys, and refuses to cancel what is placed.
	CancelRefused Behaviour = "buys, and does not cancel"
	// Fails ends each order with the code.
	Fails Behaviour = "fails with"
	// FailsOnce ends the identity's first order with the code, and buys later ones.
	FailsOnce Behaviour = "fails once with"
	// Refuses answers the paid call itself with the code.
	Refuses Behaviour = "is refused with"
)

// Script is what was done to one order, as far as its end depends on it.
type Script struct {
	// ID is the order's external ID; its namespace, source and ID make the identity.
	ID string
	// Identity as the provider is told.
	Identity string
	// Account that pays.
	Account string
	// Product of the order.
	Product string
	// Behaviour of the product, and Code where it has one.
	Behaviour Behaviour
	Code      string
	// Faults that its calls and callbacks meet, in words.
	Faults []string
	// Calm orders have met no fault of any kind until they were accepted.
	Calm bool
	// CancelAfter is when a cancellation was asked for, from the order's creation;
	// zero when none was.
	CancelAfter time.Duration
	// Wiped orders lost their status on the way.
	Wiped bool
	// Recreated orders were deleted after their end, and their webhook was sent
	// again.
	Recreated bool
	// Moved orders saw their account name another provider account for a while.
	Moved bool
	// Scheduled orders were not to be sent before a time.
	Scheduled bool
}

// Cancelled tells whether a cancellation was asked for.
func (s Script) Cancelled() bool { return s.CancelAfter > 0 }

// String is the script in words.
func (s Script) String() string {
	words := []string{fmt.Sprintf("order %s of product %s, which %s", s.ID, s.Product, s.Behaviour)}
	if s.Code != "" {
		words[0] += " " + s.Code
	}
	if len(s.Faults) > 0 {
		words = append(words, "faults: "+strings.Join(s.Faults, ", "))
	}
	if s.Cancelled() {
		words = append(words, fmt.Sprintf("cancelled after %s", s.CancelAfter))
	}
	for _, flag := range []struct {
		set  bool
		word string
	}{
		{s.Calm, "sent in calm"}, {s.Scheduled, "scheduled"}, {s.Wiped, "its status was wiped"},
		{s.Recreated, "deleted after its end and sent again"}, {s.Moved, "its account was moved and moved back"},
	} {
		if flag.set {
			words = append(words, flag.word)
		}
	}
	return strings.Join(words, "; ")
}
