package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Release gives back what an attempt reserved, after proof that it did not buy,
// or closes an order without a purchase.
type Release struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Attempt that is proven not to have bought; 0 when none was ever made.
	Attempt int64
	// ErrorCode of the provider, and Reason for people.
	ErrorCode, Reason string
	// Actor for the audit trail.
	Actor string
	// Outcome refused or cancelled closes the order; empty leaves it open for the
	// next attempt.
	Outcome Outcome
	// Record is kept with the outcome and written back to a recreated order.
	Record json.RawMessage
	// Seen closes the order only while the mirror holds this very version of its
	// object, and not as deleted; otherwise ErrNotFound is returned and nothing is
	// changed. Nil closes it in any case.
	Seen *Leaver
	// Lost says what the attempt had reserved, for a ledger that was rebuilt since
	// and does not know the attempt; otherwise unused. Optional.
	Lost *Reservation
}

const sqlReleaseAttempt = `
WITH released AS (
    UPDATE order_attempts SET state = 'released', released_at = $5, error_code = $6, reason = $7
    WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4 AND state = 'reserved'
)
UPDATE zma_cost_tracking SET state = 'released', released_at = $5
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4 AND state = 'reserved'`

// sqlStillSeen holds the mirror's row until the release has ended: that the object
// was deleted goes there before another can take its name.
const sqlStillSeen = `
SELECT true FROM orders WHERE namespace = $1 AND source = $2 AND external_id = $3
    AND uid = $4 AND document_version = $5::text::numeric AND deleted_at IS NULL
FOR SHARE`

// Release ends an attempt that did not buy, in one transaction with the order's
// outcome, if any, and the audit row. A repeat changes nothing. Releasing a
// settled attempt, or giving an order another outcome than it has, returns
// *ErrMismatch. Closing an order while another of its attempts is reserved
// returns *ErrAttempt: that one may yet have bought.
func (l *Ledger) Release(ctx context.Context, r Release) error {
	if r.Outcome != "" && r.Outcome != OutcomeRefused && r.Outcome != OutcomeCancelled {
		return fmt.Errorf("%w: a release can't end as %q", ErrInvalid, r.Outcome)
	}
	return l.tx(ctx, "release", func(ctx context.Context, tx pgx.Tx) error { return l.release(ctx, tx, r) })
}

func (l *Ledger) release(ctx context.Context, tx pgx.Tx, r Release) error {
	var name, uid string
	if r.Lost != nil {
		name, uid = r.Lost.Name, r.Lost.UID
	}
	h, err := l.lockIdentity(ctx, tx, r.Identity, name, uid)
	if err != nil {
		return err
	}
	if err := r.stillSeen(ctx, tx); err != nil {
		return err
	}
	a, err := l.attemptForUpdate(ctx, tx, r.Identity, r.Attempt)
	if err != nil {
		return err
	}
	done, err := r.admit(h, a)
	if err != nil || done {
		return err
	}
	if a.state == "" && r.Attempt > 0 {
		if err := l.insertLost(ctx, tx, lostReservation(r.Lost, r.Identity, r.Attempt, 0)); err != nil {
			return err
		}
	}
	return l.recordRelease(ctx, tx, r, h, a)
}

// stillSeen fails when another object, or another version, has taken the place of the
// one that is to be closed.
func (r Release) stillSeen(ctx context.Context, tx pgx.Tx) error {
	if r.Seen == nil {
		return nil
	}
	var seen bool
	id := r.Identity
	err := tx.QueryRow(ctx, sqlStillSeen, id.Namespace, id.Source, id.ExternalID, r.Seen.UID, r.Seen.ResourceVersion).Scan(&seen)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: the order has changed since", ErrNotFound)
	}
	return err
}

// admit decides whether a release agrees with the record, and whether there is
// anything left to do.
func (r Release) admit(h History, a lockedAttempt) (done bool, err error) {
	mismatch := &ErrMismatch{Attempt: r.Attempt, State: a.state, Outcome: h.Outcome}
	otherOpen := h.Latest.State == AttemptReserved && h.Latest.Number != r.Attempt
	switch {
	case a.state == AttemptSettled:
		return false, mismatch
	case r.Outcome != "" && h.Outcome != "" && r.Outcome != h.Outcome:
		return false, mismatch
	case r.Outcome != "" && otherOpen:
		return false, &ErrAttempt{Attempt: r.Attempt, History: h}
	case a.state == "" && r.Attempt > 0 && otherOpen:
		return false, &ErrAttempt{Attempt: r.Attempt, History: h}
	}
	open := a.state == AttemptReserved || (a.state == "" && r.Attempt > 0)
	closes := r.Outcome != "" && h.Outcome == ""
	return !open && !closes, nil
}

func (l *Ledger) recordRelease(ctx context.Context, tx pgx.Tx, r Release, h History, a lockedAttempt) error {
	record, err := jsonArg(r.Record)
	if err != nil {
		return err
	}
	id, now := r.Identity, l.now()
	b := &pgx.Batch{}
	if r.Attempt > 0 {
		b.Queue(sqlReleaseAttempt, id.Namespace, id.Source, id.ExternalID, r.Attempt, now,
			clip(r.ErrorCode, 64), clip(r.Reason, 256))
	}
	if r.Outcome != "" && h.Outcome == "" {
		b.Queue(sqlCloseIdentity, id.Namespace, id.Source, id.ExternalID, r.Outcome, clip(r.Reason, 256), record, now)
	}
	if err := queueAudit(b, r.audit(a), now); err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

func (r Release) audit(a lockedAttempt) AuditEntry {
	id := r.Identity
	return AuditEntry{Actor: r.Actor, Action: ActionRelease, Namespace: r.Identity.Namespace,
		Object: objectName(r.Identity), Attempt: r.Attempt,
		InputsDigest: InputsDigest(ActionRelease, id.Namespace, id.Source, id.ExternalID, cents(r.Attempt),
			r.ErrorCode, r.Reason, string(r.Outcome), stateBefore(a.state)),
		Detail: map[string]string{
			"errorCode": r.ErrorCode,
			"reason":    r.Reason,
			"outcome":   string(r.Outcome),
			"before":    stateBefore(a.state),
		}}
}
