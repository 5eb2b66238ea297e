package oracle

import "github.com/zma-operator/zma-operator/hack/zmasim"

// Evidence is everything that is known at one moment. Maps go by external ID.
type Evidence struct {
	// Record is the provider's own.
	Record zmasim.Record
	// Movements of the balance at the provider.
	Movements []Movement
	// Orders in the cluster.
	Orders map[string]Order
	// Attempts in the ledger.
	Attempts map[string][]Attempt
	// Mirrors in the database.
	Mirrors map[string]Mirror
	// Outbox is what the product meant to send.
	Outbox []Mail
	// MailsSeen are the Message-IDs that arrived at the mail server.
	MailsSeen []string
}

// Movement of the balance, in cents; debits are negative.
type Movement struct {
	RequestID string
	Cents     int64
}

// Order is what the cluster shows.
type Order struct {
	// Reason of Ready.
	Reason string
	// Ready, Stalled and Reconciling as they are True.
	Ready, Stalled, Reconciling bool
	// Attempt, Key and RequestID of the submission.
	Attempt        int64
	Key, RequestID string
	// CancelAnswer is the reason of condition Cancelled; empty without it.
	CancelAnswer string
	// Conditions in words, for people.
	Conditions string
}

// Standing of an order; empty when its conditions contradict each other.
func (o Order) Standing() Standing {
	switch {
	case o.Ready && !o.Stalled && !o.Reconciling:
		return Ready
	case o.Stalled && !o.Ready && !o.Reconciling:
		return Stalled
	case o.Reconciling && !o.Ready && !o.Stalled:
		return Waiting
	}
	return ""
}

// Attempt is one attempt in the ledger, in cents.
type Attempt struct {
	Number int64
	Key    string
	// State is reserved, settled or released.
	State string
	// CostState is the same of its row of costs.
	CostState string
	// TotalCents that were settled; RefundedCents of them came back.
	TotalCents, RefundedCents int64
	// Account that it counts against.
	Account string
}

// Mirror is an order's row in the database.
type Mirror struct {
	Reason string
	// ActualCents is nil while nothing was paid.
	ActualCents *int64
}

// Mail in the outbox.
type Mail struct {
	ID, Kind, MessageID string
	// Dead mails were given up.
	Dead bool
}
