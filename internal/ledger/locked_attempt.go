package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// lockedAttempt is an attempt whose rows are locked; its state is empty when the
// ledger does not know it. Minor units.
type lockedAttempt struct {
	state                      AttemptState
	totalCents, estimatedCents int64
}

func (l *Ledger) attemptForUpdate(ctx context.Context, tx pgx.Tx, id v1alpha1.Identity, attempt int64) (lockedAttempt, error) {
	var a lockedAttempt
	err := tx.QueryRow(ctx, sqlLockAttempt, id.Namespace, id.Source, id.ExternalID, attempt).
		Scan(&a.state, &a.totalCents, &a.estimatedCents)
	if errors.Is(err, pgx.ErrNoRows) {
		return lockedAttempt{}, nil
	}
	return a, err
}

// lostReservation rebuilds what a lost ledger had recorded, as far as it is known.
func lostReservation(lost *Reservation, id v1alpha1.Identity, attempt, estimateCents int64) Reservation {
	r := Reservation{EstimateCents: estimateCents}
	if lost != nil {
		r = *lost
	}
	r.Identity, r.Attempt = id, attempt
	return r
}
