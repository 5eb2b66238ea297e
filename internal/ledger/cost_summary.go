package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// CostSummary is what the orders of a namespace were expected to cost and did.
type CostSummary struct {
	// Totals by currency, in order of its code: amounts of different currencies
	// can't be added. A currency that a rebuilt ledger does not know is empty.
	Totals []CostTotals
}

// CostTotals are sums over one currency, in minor units.
type CostTotals struct {
	// Currency as an ISO 4217 code.
	Currency string
	// Orders that reserved or bought; Open of them have a reservation.
	Orders, Open int64
	// ReservedCents of open reservations.
	ReservedCents int64
	// EstimatedCents of what was settled; the variance is measured against it.
	EstimatedCents int64
	// SubtotalCents, ShippingCents, TaxCents and AdjustmentCents sum to
	// ActualCents.
	SubtotalCents, ShippingCents, TaxCents, AdjustmentCents int64
	// ActualCents is what was paid.
	ActualCents int64
	// VarianceCents is the actual total minus the estimate.
	VarianceCents int64
	// RefundedCents came back of what was paid.
	RefundedCents int64
}

const sqlCostSummary = `
SELECT currency,
    count(DISTINCT (source, external_id)),
    count(DISTINCT (source, external_id)) FILTER (WHERE state = 'reserved'),
    COALESCE(sum(max_price_cents) FILTER (WHERE state = 'reserved'), 0)::bigint,
    COALESCE(sum(estimated_cents) FILTER (WHERE state = 'settled'), 0)::bigint,
    COALESCE(sum(subtotal_cents), 0)::bigint,
    COALESCE(sum(shipping_cents), 0)::bigint,
    COALESCE(sum(tax_cents), 0)::bigint,
    COALESCE(sum(adjustment_cents), 0)::bigint,
    COALESCE(sum(total_cents), 0)::bigint,
    COALESCE(sum(variance_cents), 0)::bigint,
    COALESCE(sum(refunded_cents), 0)::bigint
FROM zma_cost_tracking
WHERE namespace = $1 AND state <> 'released'
GROUP BY currency ORDER BY currency`

// CostSummary sums up all orders of a namespace.
func (l *Ledger) CostSummary(ctx context.Context, namespace string) (CostSummary, error) {
	var out CostSummary
	err := l.do(ctx, "cost_summary", func(ctx context.Context) error {
		rows, err := l.pool.Query(ctx, sqlCostSummary, namespace)
		if err != nil {
			return err
		}
		out.Totals, err = pgx.CollectRows(rows, pgx.RowToStructByPos[CostTotals])
		return err
	})
	if err != nil {
		return CostSummary{}, err
	}
	return out, nil
}
