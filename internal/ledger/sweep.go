package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// sweepPage is how many attempts one statement reads: short enough for the
// statement timeout.
const sweepPage = 1000

// SweepAttempt is what a comparison with the provider's list needs of an attempt.
type SweepAttempt struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Number of the attempt.
	Number int64
	// State of the reservation.
	State AttemptState
	// IdempotencyKey sent to the provider; may be empty in a rebuilt ledger.
	IdempotencyKey string
	// ProviderAccountID that the call was meant for; may be empty in a rebuilt
	// ledger.
	ProviderAccountID string
	// Account is the name of the ZMAAccount; may be empty in a rebuilt ledger.
	Account string
	// RequestID at the provider; known after settlement.
	RequestID string
	// ReservedAt is when the attempt was reserved; nothing was sent earlier.
	ReservedAt time.Time
	// EndedAt is when it was settled or released; zero while reserved.
	EndedAt time.Time
}

// ErrTooMany means that there is more to read than the caller allows. Reading a
// part of it would make what is left out look absent.
type ErrTooMany struct {
	// Limit of rows.
	Limit int
}

// Error names the limit.
func (e *ErrTooMany) Error() string {
	return fmt.Sprintf("ledger: more than %d rows to read", e.Limit)
}

// sqlSweepAttempts pages by the primary key, so that rows which change meanwhile
// are neither skipped nor read twice. When an attempt was reserved does not matter:
// it may have ended long after, and one that is still reserved may have bought at
// any time.
const sqlSweepAttempts = `
SELECT a.source, a.external_id, a.attempt, a.state, a.idempotency_key, a.provider_account_id,
       COALESCE(c.account, ''), a.request_id, a.reserved_at, COALESCE(a.settled_at, a.released_at)
FROM order_attempts a
LEFT JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)
WHERE a.namespace = $1 AND (a.source, a.external_id, a.attempt) > ($2, $3, $4)
    AND (a.state = 'reserved' OR a.settled_at >= $5 OR a.released_at >= $5)
ORDER BY a.source, a.external_id, a.attempt
LIMIT $6`

// SweepAttempts reads the attempts of a namespace that ended since a time, and all
// that are still reserved. It reads the whole namespace,
// since several ZMAAccounts may buy with one account at the provider. More than
// limit of them are *ErrTooMany.
func (l *Ledger) SweepAttempts(ctx context.Context, namespace string, since time.Time, limit int) ([]SweepAttempt, error) {
	var out []SweepAttempt
	last := SweepAttempt{}
	for {
		page, err := l.sweepPage(ctx, namespace, since, last)
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
		if len(out) > limit {
			return nil, &ErrTooMany{Limit: limit}
		}
		if len(page) < sweepPage {
			return out, nil
		}
		last = page[len(page)-1]
	}
}

func (l *Ledger) sweepPage(ctx context.Context, namespace string, since time.Time, after SweepAttempt) (page []SweepAttempt, err error) {
	err = l.do(ctx, "sweep_attempts", func(ctx context.Context) error {
		rows, err := l.pool.Query(ctx, sqlSweepAttempts, namespace,
			after.Identity.Source, after.Identity.ExternalID, after.Number, since, sweepPage)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (SweepAttempt, error) {
			return scanSweepAttempt(row, namespace)
		})
		return err
	})
	return page, err
}

func scanSweepAttempt(row pgx.CollectableRow, namespace string) (SweepAttempt, error) {
	a := SweepAttempt{Identity: v1alpha1.Identity{Namespace: namespace}}
	var endedAt *time.Time
	err := row.Scan(&a.Identity.Source, &a.Identity.ExternalID, &a.Number, &a.State, &a.IdempotencyKey,
		&a.ProviderAccountID, &a.Account, &a.RequestID, &a.ReservedAt, &endedAt)
	a.ReservedAt = a.ReservedAt.UTC()
	if endedAt != nil {
		a.EndedAt = endedAt.UTC()
	}
	return a, err
}
