package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/internal/callback"
)

// Delivery is the record of one inbound request. Its texts come from outside:
// they are cut to size, never refused.
type Delivery struct {
	// At is when the request came in.
	At time.Time
	// RequestID of the request.
	RequestID string
	// Namespace and Source that it was for; empty when unknown.
	Namespace, Source string
	// Route and Method of the request.
	Route, Method string
	// Outcome and Category, in short words.
	Outcome, Category string
	// SecurityEvent that the request was, such as "bad_signature"; empty for none.
	SecurityEvent string
	// Status is the HTTP status that was answered.
	Status int
	// Duration until the answer.
	Duration time.Duration
	// ClientHash stands for the client's address.
	ClientHash string
	// OrderName that was created or concerned.
	OrderName string
	// ExternalIDHash stands for the sender's identifier.
	ExternalIDHash string
	// WebhookID as the sender gave it.
	WebhookID string
	// BodyBytes of the request.
	BodyBytes int64
	// Hint asks the controllers to look at an order now; nothing when it names none.
	Hint callback.Hint
}

// hintChannel carries hints as callback.Hint writes them.
const hintChannel = "zma_hint"

const (
	sqlInsertDelivery = `
INSERT INTO webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status,
    duration_us, client_hash, order_name, external_id_hash, webhook_id, body_bytes, security_event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

	sqlNotifyHint = `SELECT pg_notify($1, $2)`
)

// InsertDeliveries writes a batch of deliveries and sends their hints in the same
// transaction: all or nothing. Nothing is deduplicated.
func (l *Ledger) InsertDeliveries(ctx context.Context, deliveries []Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	return l.tx(ctx, "insert_deliveries", func(ctx context.Context, tx pgx.Tx) error {
		b := &pgx.Batch{}
		hinted := map[string]bool{}
		for _, d := range deliveries {
			queueDelivery(b, d)
			if hint := d.Hint.String(); hint != "" && !hinted[hint] {
				hinted[hint] = true
				b.Queue(sqlNotifyHint, hintChannel, clip(hint, 512))
			}
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

func queueDelivery(b *pgx.Batch, d Delivery) {
	b.Queue(sqlInsertDelivery, d.At, clip(d.RequestID, 64), clip(d.Namespace, 63), clip(d.Source, 63),
		clip(d.Route, 128), clip(d.Method, 16), clip(d.Outcome, 64), clip(d.Category, 64),
		min(max(d.Status, 0), 999), max(0, d.Duration.Microseconds()), clip(d.ClientHash, 128),
		clip(d.OrderName, 253), clip(d.ExternalIDHash, 128), clip(d.WebhookID, 256), max(0, d.BodyBytes), clip(d.SecurityEvent, 32))
}
