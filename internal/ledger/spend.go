package ledger

import "context"

// Spend is what an account has reserved and spent, in minor units.
type Spend struct {
	// ReservedCents of all open reservations, whatever their age.
	ReservedCents int64
	// TodayCents and MonthCents are what the limits compare with: totals of what
	// was settled and the reserved price of what is open, by the day and month of
	// the reservation.
	TodayCents, MonthCents int64
}

const sqlAccountSpend = `
SELECT
    COALESCE(sum(reserved_cents), 0)::bigint,
    COALESCE(sum(reserved_cents + settled_cents) FILTER (WHERE starts_at >= $3), 0)::bigint,
    COALESCE(sum(reserved_cents + settled_cents) FILTER (WHERE starts_at >= $4), 0)::bigint
FROM spend_periods
WHERE namespace = $1 AND account = $2 AND starts_at >= LEAST($4, (
    SELECT date_bin('15 minutes', min(reserved_at), '2000-01-01 00:00:00+00') FROM zma_cost_tracking
    WHERE namespace = $1 AND account = $2 AND state = 'reserved'))`

// AccountSpend sums up an account for the day and month that now is in, in a time
// zone by its IANA name; UTC when empty.
func (l *Ledger) AccountSpend(ctx context.Context, namespace, account, timezone string) (Spend, error) {
	var s Spend
	err := l.do(ctx, "account_spend", func(ctx context.Context) error {
		day, month, err := periodStarts(l.now(), timezone)
		if err != nil {
			return err
		}
		return l.pool.QueryRow(ctx, sqlAccountSpend, namespace, account, day, month).
			Scan(&s.ReservedCents, &s.TodayCents, &s.MonthCents)
	})
	return s, err
}
