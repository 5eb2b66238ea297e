package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Limits that a reservation must keep, itself included; nil means no limit. An
// attempt counts with its reserved price until it is settled and with its total
// afterwards, in the day and month of its reservation. Minor units.
type Limits struct {
	// DailyCents of the account.
	DailyCents *int64
	// MonthlyCents of the account.
	MonthlyCents *int64
	// PerCustomerDailyCents of one customer at the account.
	PerCustomerDailyCents *int64
	// Timezone in which days and months begin, by its IANA name; UTC when empty.
	Timezone string
	// AvailableCents is the balance at the provider; the sum of all open
	// reservations of the account, this one included, must not exceed it. Nil
	// means unknown: no check.
	AvailableCents *int64
	// AvailableAt is when that balance was read. What was settled since may not
	// be in it yet and counts as well. Zero means just now.
	AvailableAt time.Time
}

// used are the sums that limits are compared with, in minor units.
type used struct {
	day, month, customerDay, open int64
}

const sqlUsed = `
SELECT
    (SELECT COALESCE(sum(reserved_cents + settled_cents), 0)::bigint FROM spend_periods
     WHERE namespace = $1 AND account = $2 AND starts_at >= $3),
    (SELECT COALESCE(sum(reserved_cents + settled_cents), 0)::bigint FROM spend_periods
     WHERE namespace = $1 AND account = $2 AND starts_at >= $4),
    (SELECT COALESCE(sum(GREATEST(0, COALESCE(total_cents, max_price_cents) - refunded_cents)), 0)::bigint FROM zma_cost_tracking
     WHERE namespace = $1 AND account = $2 AND customer_id = $5 AND state <> 'released' AND reserved_at >= $3),
    (SELECT COALESCE(sum(reserved_cents), 0)::bigint FROM spend_periods
     WHERE namespace = $1 AND account = $2 AND starts_at >= (
        SELECT date_bin('15 minutes', min(reserved_at), '2000-01-01 00:00:00+00') FROM zma_cost_tracking
        WHERE namespace = $1 AND account = $2 AND state = 'reserved'))
    + (SELECT COALESCE(sum(total_cents), 0)::bigint FROM zma_cost_tracking
     WHERE namespace = $1 AND account = $2 AND state = 'settled' AND settled_at >= $6)`

// checkLimits must run while the account's row is locked. It gives the sums that it
// compared, also with a refusal; zeros when there is no limit.
func (l *Ledger) checkLimits(ctx context.Context, tx pgx.Tx, r Reservation) (used, error) {
	if !r.Limits.any() {
		return used{}, nil
	}
	now := l.now()
	day, month, err := periodStarts(now, r.Limits.Timezone)
	if err != nil {
		return used{}, err
	}
	settledSince := r.Limits.AvailableAt
	if settledSince.IsZero() {
		// Later than any settlement, so that none counts.
		settledSince = now.AddDate(100, 0, 0)
	}
	var u used
	err = tx.QueryRow(ctx, sqlUsed, r.Identity.Namespace, r.Account, day, month, r.CustomerID, settledSince).
		Scan(&u.day, &u.month, &u.customerDay, &u.open)
	if err != nil {
		return used{}, err
	}
	return u, u.check(r)
}

func (l Limits) any() bool {
	return l.DailyCents != nil || l.MonthlyCents != nil || l.PerCustomerDailyCents != nil || l.AvailableCents != nil
}

func (u used) check(r Reservation) error {
	for _, c := range u.weigh(r.Limits) {
		if c.limit != nil && r.MaxPriceCents > *c.limit-c.used {
			return &ErrLimit{Limit: c.name, LimitCents: *c.limit, UsedCents: c.used, WantedCents: r.MaxPriceCents}
		}
	}
	return nil
}
