package notify

import (
	"context"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Outbox is the ledger, as far as a worker needs it.
type Outbox interface {
	// ClaimMails takes up to limit due mails for the time of the lease.
	ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]ledger.ClaimedMail, error)
	// MailSent ends a mail. ledger.ErrNotFound when its row is gone.
	MailSent(ctx context.Context, id int64) error
	// MailFailed puts a mail back until next, or ends it when dead.
	MailFailed(ctx context.Context, id int64, category string, next time.Time, dead bool) error
	// MailPostponed puts a mail back until next, as if it had not been claimed.
	MailPostponed(ctx context.Context, id int64, next time.Time) error
	// OutboxPending counts the mails that wait.
	OutboxPending(ctx context.Context) (int64, error)
	// RaiseAlert tells the people who run the operator.
	RaiseAlert(ctx context.Context, a ledger.Alert) (bool, error)
}

var _ Outbox = (*ledger.Ledger)(nil)
