package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClaimedMail is a mail that one worker alone may send until its lease ends.
type ClaimedMail struct {
	// ID of the row.
	ID int64
	Mail
	// MessageID is the same for every sending of this mail; without brackets.
	MessageID string
	// Attempts to send, this one included.
	Attempts int32
	// Unsure means that an earlier claim ran out while sending: the mail may have
	// gone out before.
	Unsure bool
}

const (
	sqlClaimMails = `
WITH due AS (
    SELECT id, state, next_attempt_at FROM email_outbox
    WHERE (state = 'pending' AND next_attempt_at <= $1) OR (state = 'sending' AND claimed_until <= $1)
    ORDER BY next_attempt_at, id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE email_outbox m
SET state = 'sending', claimed_until = $3, attempts = m.attempts + 1, unsure = m.unsure OR due.state = 'sending'
FROM due WHERE m.id = due.id
RETURNING m.id, m.namespace, m.source, m.external_id, m.kind, m.transition, m.policy, m.recipient, m.data,
    m.message_id, m.attempts, m.unsure, m.next_attempt_at`

	sqlMailSent = `
UPDATE email_outbox SET state = 'sent', sent_at = COALESCE(sent_at, $2), claimed_until = NULL, last_category = ''
WHERE id = $1`

	sqlMailFailed = `
UPDATE email_outbox SET state = CASE WHEN $4::boolean THEN 'dead' ELSE 'pending' END,
    last_category = $2, next_attempt_at = $3, claimed_until = NULL
WHERE id = $1 AND state IN ('sending', 'pending')`

	sqlMailPostponed = `
UPDATE email_outbox SET state = 'pending', next_attempt_at = $2, claimed_until = NULL,
    attempts = greatest(attempts - 1, 0)
WHERE id = $1 AND state IN ('sending', 'pending')`

	sqlMailKnown = `SELECT true FROM email_outbox WHERE id = $1`
)

// ClaimMails takes up to limit mails that are due, oldest first, for the lease.
// The lease must be longer than the worker's own timeout: when it ends, another
// worker may claim the mail, and sees Unsure.
func (l *Ledger) ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]ClaimedMail, error) {
	var out []dueMail
	err := l.do(ctx, "claim_mails", func(ctx context.Context) error {
		now := l.now()
		rows, err := l.pool.Query(ctx, sqlClaimMails, now, limit, now.Add(lease))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanMail)
		return err
	})
	if err != nil {
		return nil, err
	}
	return inOrder(out), nil
}

// dueMail carries the order of a claim, which UPDATE does not keep.
type dueMail struct {
	ClaimedMail
	due time.Time
}

func scanMail(row pgx.CollectableRow) (dueMail, error) {
	var m dueMail
	var data []byte
	err := row.Scan(&m.ID, &m.Identity.Namespace, &m.Identity.Source, &m.Identity.ExternalID, &m.Kind, &m.Transition,
		&m.Policy, &m.Recipient, &data, &m.MessageID, &m.Attempts, &m.Unsure, &m.due)
	if data != nil {
		m.Data = data
	}
	return m, err
}

func inOrder(due []dueMail) []ClaimedMail {
	slices.SortFunc(due, func(a, b dueMail) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.ID, b.ID)) })
	out := make([]ClaimedMail, 0, len(due))
	for _, m := range due {
		out = append(out, m.ClaimedMail)
	}
	return out
}

// MailSent records that a mail went out, whatever became of its claim since.
// ErrNotFound when there is no such mail.
func (l *Ledger) MailSent(ctx context.Context, id int64) error {
	return l.updateMail(ctx, "mail_sent", id, sqlMailSent, id, l.now())
}

// MailFailed records that a mail was refused, with the category of the error; it
// is due again at next, or never when dead. A mail known as sent stays so.
func (l *Ledger) MailFailed(ctx context.Context, id int64, category string, next time.Time, dead bool) error {
	return l.updateMail(ctx, "mail_failed", id, sqlMailFailed, id, clip(category, 64), next, dead)
}

// MailPostponed gives a claim back without counting it as an attempt, as for a
// suspended policy.
func (l *Ledger) MailPostponed(ctx context.Context, id int64, next time.Time) error {
	return l.updateMail(ctx, "mail_postponed", id, sqlMailPostponed, id, next)
}

func (l *Ledger) updateMail(ctx context.Context, op string, id int64, sql string, args ...any) error {
	return l.do(ctx, op, func(ctx context.Context) error {
		tag, err := l.pool.Exec(ctx, sql, args...)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		return l.mailKnown(ctx, id)
	})
}

func (l *Ledger) mailKnown(ctx context.Context, id int64) error {
	var known bool
	err := l.pool.QueryRow(ctx, sqlMailKnown, id).Scan(&known)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("mail %d: %w", id, ErrNotFound)
	}
	return err
}
