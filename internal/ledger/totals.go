package ledger

import (
	"context"
	"fmt"
	"time"
)

// TotalsBy is the length of the periods of totals.
type TotalsBy string

const (
	// ByDay sums up by day of the account's time zone.
	ByDay TotalsBy = "day"
	// ByMonth sums up by month of the account's time zone.
	ByMonth TotalsBy = "month"
)

// maxPeriods bounds what one question may ask for: ten years of days.
const maxPeriods = 3660

// TotalsQuery asks for what an account reserved and spent over time.
type TotalsQuery struct {
	// Namespace and Account name the ZMAAccount. The empty account is what a
	// rebuilt ledger could not assign.
	Namespace, Account string
	// Timezone in which days and months begin, by its IANA name; UTC when empty.
	Timezone string
	// From and To are instants in the first and the last period; both periods are
	// whole.
	From, To time.Time
	// By is the length of a period.
	By TotalsBy
	// CustomerID of the only customer to count; empty for all.
	CustomerID string
	// EachCustomer gives rows by customer instead of by account.
	EachCustomer bool
}

// Total is what was reserved and spent in one period, in one currency. An attempt
// counts in the period of its reservation, as it does for limits. Minor units.
type Total struct {
	// Start of the day or month, in the account's time zone.
	Start time.Time
	// CustomerID at the sender; empty unless asked for by customer.
	CustomerID string
	// Currency as an ISO 4217 code; empty where a rebuilt ledger does not know it.
	Currency string
	// ReservedCents of reservations that are still open.
	ReservedCents int64
	// SettledCents is what was paid, RefundedCents what of it came back, and
	// NetCents what that leaves; below zero when more came back.
	SettledCents, RefundedCents, NetCents int64
}

const sqlTotals = `
SELECT width_bucket(reserved_at, $4::timestamptz[]) - 1 AS period,
    CASE WHEN $6 THEN customer_id ELSE '' END AS customer, currency,
    COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0)::bigint,
    COALESCE(sum(total_cents), 0)::bigint, sum(refunded_cents)::bigint,
    (COALESCE(sum(total_cents), 0) - sum(refunded_cents))::bigint
FROM zma_cost_tracking
WHERE namespace = $1 AND account = $2 AND ($3::varchar = '' OR customer_id = $3) AND state <> 'released'
    AND reserved_at >= ($4::timestamptz[])[1] AND reserved_at < $5
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

// Totals sums up an account by day or month. Periods in which nothing was reserved
// have no row. It returns ErrInvalid for an unknown time zone, an end before the
// beginning, and more than ten years of days.
func (l *Ledger) Totals(ctx context.Context, q TotalsQuery) ([]Total, error) {
	starts, end, err := q.periods()
	if err != nil {
		return nil, err
	}
	var out []Total
	err = l.do(ctx, "totals", func(ctx context.Context) error {
		out = nil
		rows, err := l.pool.Query(ctx, sqlTotals, q.Namespace, q.Account, q.CustomerID, starts, end, q.EachCustomer)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var period int
			var t Total
			if err := rows.Scan(&period, &t.CustomerID, &t.Currency, &t.ReservedCents, &t.SettledCents,
				&t.RefundedCents, &t.NetCents); err != nil {
				return err
			}
			t.Start = starts[period]
			out = append(out, t)
		}
		return rows.Err()
	})
	return out, err
}

// periods gives the beginnings of all periods, and the end of the last. Each is
// found by date: a day may have 23 or 25 hours.
func (q TotalsQuery) periods() (starts []time.Time, end time.Time, err error) {
	if q.To.Before(q.From) {
		return nil, time.Time{}, fmt.Errorf("%w: totals end before they begin", ErrInvalid)
	}
	day, month, err := periodStarts(q.From, q.Timezone)
	if err != nil {
		return nil, time.Time{}, err
	}
	first, months, days := day, 0, 1
	if q.By == ByMonth {
		first, months, days = month, 1, 0
	} else if q.By != ByDay {
		return nil, time.Time{}, fmt.Errorf("%w: totals are by day or month", ErrInvalid)
	}
	y, m, d := first.Date()
	for n := range maxPeriods + 1 {
		start := time.Date(y, m+time.Month(n*months), d+n*days, 0, 0, 0, 0, first.Location())
		if start.After(q.To) {
			return starts, start, nil
		}
		starts = append(starts, start)
	}
	return nil, time.Time{}, fmt.Errorf("%w: more than %d periods", ErrInvalid, maxPeriods)
}
