package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// The states of a mail, as MailStates returns them.
const (
	MailPending = "pending"
	MailSending = "sending"
	MailSent    = "sent"
	MailDead    = "dead"
)

// Mail is one message about one order. (Identity, Kind, Transition) is unique: the
// same news is never queued twice.
type Mail struct {
	// Identity of the order.
	Identity v1alpha1.Identity
	// Kind names the template; letters, digits, dots, dashes, underscores.
	Kind string
	// Transition that the mail tells of, such as a parcel's number.
	Transition string
	// Policy is the name of the NotificationPolicy that sends it.
	Policy string
	// Recipient address: personal data.
	Recipient string
	// Data for the template; may hold personal data.
	Data json.RawMessage
}

// messageIDBytes of the hash are beyond collision by accident.
const messageIDBytes = 16

const (
	sqlInsertMail = `
INSERT INTO email_outbox (namespace, source, external_id, kind, transition, policy, recipient, data,
    message_id, state, created_at, next_attempt_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, 'pending', $10, $10)
ON CONFLICT (namespace, source, external_id, kind, transition) DO NOTHING`

	sqlMailStates = `
SELECT DISTINCT ON (kind) kind, state FROM email_outbox
WHERE namespace = $1 AND source = $2 AND external_id = $3
ORDER BY kind, array_position(ARRAY['dead', 'sending', 'pending', 'sent'], state::text)`

	sqlOutboxPending = `SELECT count(*) FROM email_outbox WHERE state IN ('pending', 'sending')`
)

// Enqueue puts a mail into the outbox; false when it had been queued before.
func (l *Ledger) Enqueue(ctx context.Context, m Mail) (inserted bool, err error) {
	err = l.tx(ctx, "enqueue", func(ctx context.Context, tx pgx.Tx) error {
		b := &pgx.Batch{}
		if err := queueMail(b, m, l.now()); err != nil {
			return err
		}
		results := tx.SendBatch(ctx, b)
		tag, err := results.Exec()
		inserted = tag.RowsAffected() == 1
		if err != nil {
			// The failed statement's own error says more than the batch's.
			_ = results.Close()
			return err
		}
		return results.Close()
	})
	return inserted && err == nil, err
}

func queueMail(b *pgx.Batch, m Mail, now time.Time) error {
	data, err := jsonArg(m.Data)
	if err != nil {
		return err
	}
	id := m.Identity
	b.Queue(sqlInsertMail, id.Namespace, id.Source, id.ExternalID, m.Kind, m.Transition, m.Policy,
		storable(m.Recipient), data, m.messageID(), now)
	return nil
}

// messageID depends on what the mail is about alone, so that every sending of it
// carries the same one. Without the angle brackets of the header.
func (m Mail) messageID() string {
	sum := sha256.Sum256(v1alpha1.LengthPrefixed(
		m.Identity.Namespace, m.Identity.Source, m.Identity.ExternalID, m.Kind, m.Transition))
	return m.Kind + "." + hex.EncodeToString(sum[:messageIDBytes]) + "@zma-operator"
}

// MailStates gives, by kind, the state of an order's mails. Where a kind has
// several mails it is the one that needs most attention: dead, sending, pending,
// then sent.
func (l *Ledger) MailStates(ctx context.Context, id v1alpha1.Identity) (map[string]string, error) {
	var states map[string]string
	err := l.do(ctx, "mail_states", func(ctx context.Context) error {
		states = map[string]string{}
		rows, err := l.pool.Query(ctx, sqlMailStates, id.Namespace, id.Source, id.ExternalID)
		if err != nil {
			return err
		}
		var kind, state string
		_, err = pgx.ForEachRow(rows, []any{&kind, &state}, func() error {
			states[kind] = state
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

// OutboxPending counts the mails that wait or are being sent.
func (l *Ledger) OutboxPending(ctx context.Context) (int64, error) {
	var n int64
	err := l.do(ctx, "outbox_pending", func(ctx context.Context) error {
		return l.pool.QueryRow(ctx, sqlOutboxPending).Scan(&n)
	})
	return n, err
}
