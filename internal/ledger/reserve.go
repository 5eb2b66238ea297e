package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Reservation asks for the money of one attempt to buy.
type Reservation struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Name and UID of the object, as attributes.
	Name, UID string
	// Attempt counts from 1.
	Attempt int64
	// Account is the name of the ZMAAccount that pays.
	Account string
	// ProviderAccountID that the call is meant for.
	ProviderAccountID string
	// IdempotencyKey that the call will carry; 36 characters.
	IdempotencyKey string
	// CustomerID at the sender.
	CustomerID string
	// Currency as an ISO 4217 code, the same for all reservations of an account: they
	// count against its limits alike.
	Currency string
	// EstimateCents of goods and MaxPriceCents that is reserved, in minor units.
	EstimateCents, MaxPriceCents int64
	// Limits that the reservation must keep.
	Limits Limits
	// Order that the money is for. What makes two orders alike is kept with the
	// reservation; nil when it is not known, and then nothing is looked for.
	Order *v1alpha1.ZMAOrder
	// Judge decides whether the order may have the money; nil lets any.
	Judge *Judge
}

// ReserveResult tells how a reservation came about.
type ReserveResult struct {
	// Already means that this very attempt was reserved before: its call may have
	// been made.
	Already bool
	// ReservedAt is when the attempt was reserved, now or before.
	ReservedAt time.Time
	// History as it was before this reservation.
	History History
}

const (
	sqlLockAccount = `SELECT true FROM spend_accounts WHERE namespace = $1 AND account = $2 FOR UPDATE`

	sqlInsertAccount = `
INSERT INTO spend_accounts (namespace, account, created_at) VALUES ($1, $2, $3)
ON CONFLICT (namespace, account) DO NOTHING`

	sqlInsertAttempt = `
INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key,
    provider_account_id, max_price_cents, unreserved, reserved_at)
VALUES ($1, $2, $3, $4, 'reserved', $5, $6, $7, $8, $9)`

	sqlInsertCost = `
INSERT INTO zma_cost_tracking (namespace, source, external_id, attempt, state, account, customer_id,
    currency, estimated_cents, max_price_cents, unreserved, reserved_at, contents_digest)
VALUES ($1, $2, $3, $4, 'reserved', $5, $6, $7, $8, $9, $10, $11, $12)`
)

// Reserve admits one attempt to buy, in one transaction that holds the account's
// row. It returns *ErrClosed when the order has its outcome, *ErrAttempt when the
// attempt does not follow what is recorded, the judge's own error when it says no,
// *ErrLimit when the money is not there, and an error that wraps ErrUnavailable when
// the database can't say: then the caller must not spend, and may repeat.
func (l *Ledger) Reserve(ctx context.Context, r Reservation) (ReserveResult, error) {
	var out ReserveResult
	var u used
	err := l.tx(ctx, "reserve", func(ctx context.Context, tx pgx.Tx) error {
		var err error
		out, u, err = l.reserve(ctx, tx, r)
		return err
	})
	var v *verdict
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &v):
		return ReserveResult{}, v.err
	}
	l.auditRefusal(ctx, r, u, err)
	return ReserveResult{}, err
}

func (l *Ledger) reserve(ctx context.Context, tx pgx.Tx, r Reservation) (ReserveResult, used, error) {
	if err := l.lockAccount(ctx, tx, r); err != nil {
		return ReserveResult{}, used{}, err
	}
	h, customer, err := l.lockAndLookBack(ctx, tx, r)
	if err != nil {
		return ReserveResult{}, used{}, err
	}
	already, err := admit(r, h)
	if err != nil || already {
		return ReserveResult{Already: already, ReservedAt: h.Latest.ReservedAt, History: h}, used{}, err
	}
	if err := r.judge(ctx, customer); err != nil {
		return ReserveResult{}, used{}, err
	}
	u, err := l.checkLimits(ctx, tx, r)
	if err != nil {
		return ReserveResult{}, u, err
	}
	now, b := l.now(), &pgx.Batch{}
	queueReservation(b, r, false, now)
	if err := queueAudit(b, r.audit(u), now); err != nil {
		return ReserveResult{}, u, err
	}
	return ReserveResult{ReservedAt: now, History: h}, u, tx.SendBatch(ctx, b).Close()
}

// lockAccount is the one place where reservations of an account wait for each
// other, and before it those of a customer whose history counts.
func (l *Ledger) lockAccount(ctx context.Context, tx pgx.Tx, r Reservation) error {
	namespace := r.Identity.Namespace
	locked, b := false, &pgx.Batch{}
	if r.looksBack() {
		b.Queue(sqlLockCustomer, customerLock(r.Order))
	}
	b.Queue(sqlLockAccount, namespace, r.Account).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&locked); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil
	})
	if err := tx.SendBatch(ctx, b).Close(); err != nil || locked {
		return err
	}
	if _, err := tx.Exec(ctx, sqlInsertAccount, namespace, r.Account, l.now()); err != nil {
		return err
	}
	return tx.QueryRow(ctx, sqlLockAccount, namespace, r.Account).Scan(&locked)
}

// lockAndLookBack locks the identity, and reads in the same round trip what the
// order's customer has, with all locks held.
func (l *Ledger) lockAndLookBack(ctx context.Context, tx pgx.Tx, r Reservation) (h History, customer CustomerHistory, err error) {
	b := &pgx.Batch{}
	l.queueIdentity(b, r.Identity, r.Name, r.UID, &h)
	if r.looksBack() {
		if err := queueCustomer(b, r.Order, r.Judge.Window, l.now(), &customer); err != nil {
			return History{}, CustomerHistory{}, err
		}
	}
	err = tx.SendBatch(ctx, b).Close()
	return h, customer, err
}

// queueReservation writes the attempt and its cost row together: money without an
// attempt, or the reverse, could not be released.
func queueReservation(b *pgx.Batch, r Reservation, unreserved bool, now time.Time) {
	id := r.Identity
	b.Queue(sqlInsertAttempt, id.Namespace, id.Source, id.ExternalID, r.Attempt,
		r.IdempotencyKey, r.ProviderAccountID, r.MaxPriceCents, unreserved, now)
	b.Queue(sqlInsertCost, id.Namespace, id.Source, id.ExternalID, r.Attempt,
		r.Account, r.CustomerID, r.Currency, r.EstimateCents, r.MaxPriceCents, unreserved, now, r.digest())
}

// insertLost writes the reservation of an attempt that the ledger does not know.
func (l *Ledger) insertLost(ctx context.Context, tx pgx.Tx, r Reservation) error {
	b := &pgx.Batch{}
	queueReservation(b, r, true, l.now())
	return tx.SendBatch(ctx, b).Close()
}

// admit decides whether an attempt follows what is recorded. It is the rule that
// makes a purchase happen once, so it errs towards refusing.
func admit(r Reservation, h History) (already bool, err error) {
	latest := h.Latest
	switch {
	case h.Outcome != "":
		return false, &ErrClosed{History: h}
	case r.Attempt == latest.Number && latest.State == AttemptReserved && r.IdempotencyKey == latest.IdempotencyKey:
		return true, nil
	case r.Attempt == latest.Number+1 && (latest.Number == 0 || latest.State == AttemptReleased):
		return false, nil
	default:
		return false, &ErrAttempt{Attempt: r.Attempt, History: h}
	}
}
