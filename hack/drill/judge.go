package drill

import (
	"errors"
	"fmt"
	"slices"

	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Order is one that was acknowledged to its sender.
type Order struct {
	// ID at the sender; Identity as the provider is told.
	ID, Identity string
	// Want is what it must have come to.
	Want Want
}

// Want is an end.
type Want struct {
	// Purchases at the provider, cancelled ones included.
	Purchases int
	// Keys that may have been sent, at most: one for each attempt.
	Keys int
	// Returned tells that the retailer has paid everything back.
	Returned bool
	// Reasons of Ready that are right.
	Reasons []string
}

// Seen is an order in the cluster.
type Seen struct {
	// Reason of Ready, and the request that the order follows.
	Reason, RequestID string
}

// Money of an order by the ledger, in cents.
type Money struct {
	// Settled is what was paid in all attempts, Refunded what came back of it.
	Settled, Refunded int64
	// Reserved attempts have no end yet.
	Reserved int
}

// Evidence is what provider, cluster and ledger say. Maps go by external ID.
type Evidence struct {
	Record      zmasim.Record
	Cluster     map[string]Seen
	Ledger      map[string]Money
	Differences []ledger.Difference
}

// Judge compares what became of all orders with what must have. The error joins
// everything that is wrong.
func Judge(orders []Order, e Evidence) error {
	var errs []error
	known := map[string]bool{}
	for _, o := range orders {
		known[o.Identity] = true
		if err := o.judge(e); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.ID, err))
		}
	}
	for _, p := range e.Record.Purchases {
		if !known[p.Identity] {
			errs = append(errs, fmt.Errorf("%q was bought, which nobody ordered", p.Identity))
		}
	}
	for _, d := range e.Differences {
		errs = append(errs, fmt.Errorf("the books differ: %+v", d))
	}
	return errors.Join(errs...)
}

func (o Order) judge(e Evidence) error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	purchases := e.Record.PurchasesOf(o.Identity)
	if len(purchases) != o.Want.Purchases {
		complain("bought %d times, want %d", len(purchases), o.Want.Purchases)
	}
	if keys := len(e.Record.KeysOf(o.Identity)); keys > o.Want.Keys {
		complain("%d keys were sent, want at most %d", keys, o.Want.Keys)
	}
	seen, exists := e.Cluster[o.ID]
	if !exists {
		complain("the cluster does not have it")
	} else if !slices.Contains(o.Want.Reasons, seen.Reason) {
		complain("it is %q, want one of %q", seen.Reason, o.Want.Reasons)
	}

	var paid, back int64
	for _, p := range purchases {
		paid += p.TotalCents
		if p.Cancelled {
			back += p.TotalCents
		}
		if exists && p.RequestID != seen.RequestID {
			complain("it follows request %q, bought was %s", seen.RequestID, p.RequestID)
		}
	}
	if o.Want.Returned && back != paid {
		complain("%d of %d cents came back from the retailer", back, paid)
	}
	if got, want := e.Ledger[o.ID], (Money{Settled: paid, Refunded: back}); got != want {
		complain("the ledger has %+v, the provider %+v", got, want)
	}
	return errors.Join(errs...)
}
