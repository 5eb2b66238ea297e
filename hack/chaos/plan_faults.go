package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// faultDecks deal the provider's faults so that each kind has its turn.
type faultDecks struct {
	r                           *rand.Rand
	paid, reads, acts, callback deck[zmasim.FaultKind]
}

func newFaultDecks(r *rand.Rand) *faultDecks {
	return &faultDecks{
		r: r, paid: deck[zmasim.FaultKind]{r: r, all: paidFaults()}, reads: deck[zmasim.FaultKind]{r: r, all: readFaults()},
		acts: deck[zmasim.FaultKind]{r: r, all: paidFaults()}, callback: deck[zmasim.FaultKind]{r: r, all: callbackFaults()},
	}
}

func paidFaults() []zmasim.FaultKind {
	return []zmasim.FaultKind{
		zmasim.DropBefore, zmasim.DropAfter, zmasim.ErrorBefore, zmasim.ErrorAfter, zmasim.TooManyRequests, zmasim.Slow,
		zmasim.LateEffect, zmasim.Malformed, zmasim.NoRequestID, zmasim.HTML502, zmasim.HTML502After,
	}
}

func readFaults() []zmasim.FaultKind { return append(paidFaults(), zmasim.UnknownID404) }

func callbackFaults() []zmasim.FaultKind {
	return []zmasim.FaultKind{
		zmasim.CallbackDrop, zmasim.CallbackDuplicate, zmasim.CallbackReorder, zmasim.CallbackMalformed, zmasim.CallbackForOld,
	}
}

// deal gives an order faults at its paid calls, reads, aborts and cancellations,
// and callbacks.
func (d *faultDecks) deal(o *Order) {
	if chance(d.r, 65) {
		for range 1 + d.r.IntN(2) {
			d.add(o, "POST", "/v1/orders", d.paid.next())
		}
	}
	if chance(d.r, 50) {
		d.add(o, "GET", "/v1/orders/", d.reads.next())
	}
	if o.Cancelled() && chance(d.r, 50) {
		d.add(o, "POST", "/v1/orders/", d.acts.next())
	}
	if chance(d.r, 50) {
		d.add(o, "", "", d.callback.next())
	}
}

func (d *faultDecks) add(o *Order, method, prefix string, kind zmasim.FaultKind) {
	f := fault(d.r, method, prefix, kind)
	f.Identity = o.Identity
	o.Rules = append(o.Rules, f)
	o.Faults = append(o.Faults, fmt.Sprintf("%s of %s %s (%d times)", kind, method, prefix, f.Times))
}

// fault is a rule of a kind with times and delays to its measure.
func fault(r *rand.Rand, method, prefix string, kind zmasim.FaultKind) zmasim.Fault {
	f := zmasim.Fault{Method: method, PathPrefix: prefix, Kind: kind, Times: 1 + r.IntN(3)}
	switch kind {
	case zmasim.Slow, zmasim.LateEffect, zmasim.CallbackReorder, zmasim.ListingLag:
		f.Delay = between(r, 500*time.Millisecond, 5*time.Second)
	case zmasim.TooManyRequests:
		f.RetryAfter = time.Duration(1+r.IntN(2)) * time.Second
	case zmasim.ErrorBefore, zmasim.ErrorAfter:
		f.Status = []int{500, 503, 504}[r.IntN(3)]
	}
	return f
}

// planSharedFaults are those of listings, balance and cancellations, which are about no
// one order.
func planSharedFaults(r *rand.Rand) []TimedFault {
	var out []TimedFault
	kinds := deck[zmasim.FaultKind]{r: r, all: append(paidFaults(), zmasim.ListingLag, zmasim.ListingLag, zmasim.ListingLag)}
	for range 2 * len(kinds.all) {
		// A prefix would match reads of orders as well, which are healed by polling.
		out = append(out, TimedFault{At: between(r, 0, storm), Rule: fault(r, "GET", "/v1/orders", kinds.next())})
	}
	for range 6 {
		out = append(out,
			TimedFault{At: between(r, 0, storm), Rule: fault(r, "GET", "/v1/addax", kinds.next())},
			TimedFault{At: between(r, 0, storm), Rule: fault(r, "GET", "/v1/cancellations", kinds.next())})
	}
	return out
}
