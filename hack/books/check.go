package books

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const sqlAttempts = `
SELECT a.idempotency_key, a.namespace, a.source, a.external_id, a.attempt, a.state, c.state, COALESCE(c.total_cents, 0), a.unreserved OR c.unreserved
FROM order_attempts a LEFT JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)`

// sqlTotals are sums that have to agree: by cost row, by period, what is still
// reserved in either, and orders without an end.
const sqlTotals = `
SELECT (SELECT COALESCE(sum(total_cents - refunded_cents), 0)::bigint FROM zma_cost_tracking WHERE state = 'settled'),
       (SELECT COALESCE(sum(settled_cents), 0)::bigint FROM spend_periods),
       (SELECT COALESCE(sum(reserved_cents), 0)::bigint FROM spend_periods),
       (SELECT count(*) FROM zma_cost_tracking WHERE state = 'reserved'),
       (SELECT count(*) FROM order_identities WHERE outcome IS NULL),
       (SELECT count(*) FROM order_identities WHERE outcome = 'bought'),
       (SELECT count(*) FROM audit_log WHERE action = 'settle')`

// Check compares the books with the provider's record once all orders have ended.
// The error joins everything that is wrong.
func Check(ctx context.Context, conn *pgx.Conn, p *Provider) error {
	sold := p.Sold()
	bad, err := checkAttempts(ctx, conn, sold)
	if err != nil {
		return err
	}
	totals, err := checkTotals(ctx, conn, sold)
	if err != nil {
		return err
	}
	return errors.Join(append(append(bad, totals...), checkOnce(sold)...)...)
}

// checkOnce finds orders that were bought twice, under whatever keys.
func checkOnce(sold map[string]Purchase) (bad []error) {
	by := map[v1alpha1.Identity]string{}
	for key, s := range sold {
		if other, twice := by[s.Identity]; twice {
			bad = append(bad, fmt.Errorf("%s was bought twice, with %s and %s", s.Identity.ExternalID, other, key))
		}
		by[s.Identity] = key
	}
	return bad
}

func checkAttempts(ctx context.Context, conn *pgx.Conn, sold map[string]Purchase) (bad []error, err error) {
	rows, err := conn.Query(ctx, sqlAttempts)
	if err != nil {
		return nil, err
	}
	recorded := map[string]bool{}
	var key, state string
	var costState *string
	var got Purchase
	var unreserved *bool
	_, err = pgx.ForEachRow(rows, []any{&key, &got.Identity.Namespace, &got.Identity.Source, &got.Identity.ExternalID, &got.Attempt, &state, &costState, &got.Cents, &unreserved}, func() error {
		want, bought := sold[key]
		switch {
		case costState == nil || *costState != state:
			bad = append(bad, fmt.Errorf("%s: the attempt is %s, its cost is not", key, state))
		case *unreserved:
			bad = append(bad, fmt.Errorf("%s was not reserved", key))
		case bought && (state != "settled" || got != want):
			bad = append(bad, fmt.Errorf("%s was bought as %+v and is %s as %+v", key, want, state, got))
		case !bought && state != "released":
			bad = append(bad, fmt.Errorf("%s was not bought and is %s", key, state))
		}
		recorded[key] = true
		return nil
	})
	for key := range sold {
		if !recorded[key] {
			bad = append(bad, fmt.Errorf("%s was bought and is not recorded", key))
		}
	}
	return bad, err
}

func checkTotals(ctx context.Context, conn *pgx.Conn, sold map[string]Purchase) (bad []error, err error) {
	var cents int64
	for _, s := range sold {
		cents += s.Cents
	}
	n := int64(len(sold))
	var got [7]int64
	if err := conn.QueryRow(ctx, sqlTotals).Scan(&got[0], &got[1], &got[2], &got[3], &got[4], &got[5], &got[6]); err != nil {
		return nil, err
	}
	for i, want := range [7]int64{cents, cents, 0, 0, 0, n, n} {
		what := [7]string{"cents settled", "cents settled by period", "cents reserved by period", "attempts reserved", "orders without an end", "orders bought", "settlements in the audit trail"}[i]
		if got[i] != want {
			bad = append(bad, fmt.Errorf("%s: %d, want %d", what, got[i], want))
		}
	}
	return bad, nil
}
