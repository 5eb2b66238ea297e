package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Judge decides about a reservation inside its transaction, once everything that it
// has to wait for is locked and before money is held. Of many orders that come at
// once, or that have waited, each is judged by what those before it have left.
type Judge struct {
	// LooksBack tells that the decision depends on the customer's history. Then
	// reservations of one customer pass one by one, whichever account pays.
	LooksBack bool
	// Window of the look for duplicates; 0 leaves it out.
	Window time.Duration
	// Decide is given the history without the order itself; zeros unless the judge
	// looks back. Its error refuses the reservation, and is returned as it is. Other
	// reservations wait meanwhile, so it must be quick and must not ask the ledger. It
	// is called again when the transaction is repeated.
	Decide func(context.Context, CustomerHistory) error
}

// Waits for an account come after this one, so that no two transactions wait for each
// other.
const sqlLockCustomer = `SELECT pg_advisory_xact_lock($1)`

func (r Reservation) looksBack() bool { return r.Judge != nil && r.Judge.LooksBack && r.Order != nil }

// customerLock is the number that stands for a customer of a namespace. Two that share
// one only wait for each other.
func customerLock(o *v1alpha1.ZMAOrder) int64 {
	sum := sha256.Sum256(v1alpha1.LengthPrefixed("customer", o.Namespace, o.Spec.Customer.ID))
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // Any 64 bits will do.
}

// verdict carries a judge's error through the transaction.
type verdict struct{ err error }

// Error implements error.
func (v *verdict) Error() string { return v.err.Error() }

// Unwrap gives the judge's error.
func (v *verdict) Unwrap() error { return v.err }

func (r Reservation) judge(ctx context.Context, h CustomerHistory) error {
	if r.Judge == nil {
		return nil
	}
	if err := r.Judge.Decide(ctx, h); err != nil {
		return &verdict{err: err}
	}
	return nil
}
