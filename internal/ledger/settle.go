package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Settlement records what an attempt that bought has cost.
type Settlement struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Attempt that bought.
	Attempt int64
	// RequestID at the provider.
	RequestID string
	// Actual cost in minor units; parts sum to the total, and none but the adjustment
	// is negative.
	Actual v1alpha1.ActualCost
	// EstimateCents that the variance is measured against, in minor units; what
	// was reserved when zero.
	EstimateCents int64
	// Record is kept as the order's outcome and written back to a recreated order.
	Record json.RawMessage
	// Mail to queue in the same transaction; nil for none.
	Mail *Mail
	// Actor for the audit trail.
	Actor string
	// Lost says what the attempt had reserved, for a ledger that was rebuilt since
	// and does not know the attempt; otherwise unused. Optional.
	Lost *Reservation
}

const (
	sqlLockAttempt = `
SELECT a.state, COALESCE(c.total_cents, 0), c.estimated_cents
FROM order_attempts a
JOIN zma_cost_tracking c USING (namespace, source, external_id, attempt)
WHERE a.namespace = $1 AND a.source = $2 AND a.external_id = $3 AND a.attempt = $4
FOR UPDATE`

	sqlSettleAttempt = `
UPDATE order_attempts SET state = 'settled', request_id = $5, settled_at = $6
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4`

	sqlSettleCost = `
UPDATE zma_cost_tracking
SET settled_after_release = (state = 'released'), state = 'settled', settled_at = $5,
    estimated_cents = $6::bigint, subtotal_cents = $7, shipping_cents = $8, tax_cents = $9,
    adjustment_cents = $10, total_cents = $11::bigint, variance_cents = $11::bigint - $6::bigint
WHERE namespace = $1 AND source = $2 AND external_id = $3 AND attempt = $4`

	sqlCloseIdentity = `
UPDATE order_identities SET outcome = $4, outcome_reason = $5, record = $6, closed_at = $7
WHERE namespace = $1 AND source = $2 AND external_id = $3`
)

// Settle records that an attempt bought, in one transaction: the cost, the
// order's outcome, the mail and the audit row. A repeat with the same total
// changes nothing; with another total it returns *ErrMismatch. A cost with a negative
// part other than the adjustment, or whose parts don't sum to the total, is
// ErrInvalid, which names the part.
//
// Money that left is always recorded, also for an attempt that was never reserved
// here or that was released; columns of zma_cost_tracking say so.
func (l *Ledger) Settle(ctx context.Context, s Settlement) error {
	return l.tx(ctx, "settle", func(ctx context.Context, tx pgx.Tx) error { return l.settle(ctx, tx, s) })
}

func (l *Ledger) settle(ctx context.Context, tx pgx.Tx, s Settlement) error {
	if _, err := l.lockIdentity(ctx, tx, s.Identity, s.name(), s.uid()); err != nil {
		return err
	}
	a, err := l.attemptForUpdate(ctx, tx, s.Identity, s.Attempt)
	if err != nil {
		return err
	}
	if a.state == AttemptSettled {
		return s.compare(a)
	}
	if a.state == "" {
		if err := l.insertLost(ctx, tx, lostReservation(s.Lost, s.Identity, s.Attempt, s.EstimateCents)); err != nil {
			return err
		}
	}
	return l.recordPurchase(ctx, tx, s, a)
}

// compare makes a repeat harmless and a contradiction visible.
func (s Settlement) compare(a lockedAttempt) error {
	if a.totalCents == s.Actual.TotalCents {
		return nil
	}
	return &ErrMismatch{Attempt: s.Attempt, State: a.state, Outcome: OutcomeBought,
		RecordedCents: a.totalCents, GivenCents: s.Actual.TotalCents}
}

// sound says what is wrong with a cost that the books can't take, which the database
// would refuse without saying it.
func (s Settlement) sound() error {
	c := s.Actual
	for _, part := range []struct {
		name  string
		cents int64
	}{{"subtotal", c.SubtotalCents}, {"shipping", c.ShippingCents}, {"tax", c.TaxCents}, {"total", c.TotalCents}} {
		if part.cents < 0 {
			return fmt.Errorf("%w: the %s is negative: %d cents", ErrInvalid, part.name, part.cents)
		}
	}
	if sum := c.SubtotalCents + c.ShippingCents + c.TaxCents + c.AdjustmentCents; sum != c.TotalCents {
		return fmt.Errorf("%w: the parts sum to %d cents, the total is %d", ErrInvalid, sum, c.TotalCents)
	}
	return nil
}

func (l *Ledger) recordPurchase(ctx context.Context, tx pgx.Tx, s Settlement, a lockedAttempt) error {
	if err := s.sound(); err != nil {
		return err
	}
	record, err := jsonArg(s.Record)
	if err != nil {
		return err
	}
	estimate := s.EstimateCents
	if estimate == 0 {
		estimate = a.estimatedCents
	}
	id, now := s.Identity, l.now()
	b := &pgx.Batch{}
	b.Queue(sqlSettleAttempt, id.Namespace, id.Source, id.ExternalID, s.Attempt, s.RequestID, now)
	b.Queue(sqlSettleCost, id.Namespace, id.Source, id.ExternalID, s.Attempt, now, estimate,
		s.Actual.SubtotalCents, s.Actual.ShippingCents, s.Actual.TaxCents, s.Actual.AdjustmentCents, s.Actual.TotalCents)
	b.Queue(sqlCloseIdentity, id.Namespace, id.Source, id.ExternalID, OutcomeBought, "", record, now)
	if s.Mail != nil {
		if err := queueMail(b, *s.Mail, now); err != nil {
			return err
		}
	}
	if err := queueAudit(b, s.audit(a), now); err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

func (s Settlement) audit(a lockedAttempt) AuditEntry {
	id, c := s.Identity, s.Actual
	return AuditEntry{Actor: s.Actor, Action: ActionSettle, Namespace: s.Identity.Namespace,
		Object: objectName(s.Identity), Attempt: s.Attempt,
		InputsDigest: InputsDigest(ActionSettle, id.Namespace, id.Source, id.ExternalID, cents(s.Attempt), s.RequestID,
			cents(c.SubtotalCents), cents(c.ShippingCents), cents(c.TaxCents), cents(c.AdjustmentCents), cents(c.TotalCents),
			cents(s.EstimateCents), stateBefore(a.state)),
		Detail: map[string]string{
			"requestID":  s.RequestID,
			"totalCents": strconv.FormatInt(s.Actual.TotalCents, 10),
			"before":     stateBefore(a.state),
		}}
}

func (s Settlement) name() string {
	if s.Lost == nil {
		return ""
	}
	return s.Lost.Name
}

func (s Settlement) uid() string {
	if s.Lost == nil {
		return ""
	}
	return s.Lost.UID
}

func stateBefore(state AttemptState) string {
	if state == "" {
		return "unreserved"
	}
	return string(state)
}
