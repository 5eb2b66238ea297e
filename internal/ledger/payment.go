package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const (
	sqlClaimPayment = `
INSERT INTO order_payments (provider, reference, namespace, source, external_id, claimed_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (provider, reference) DO NOTHING`

	sqlPaymentOwner = `SELECT namespace, source, external_id FROM order_payments WHERE provider = $1 AND reference = $2`
)

// ClaimPayment ties a payment to an order, once and for ever, and tells whether
// it is this order's: a payment that pays for another order pays for no second.
func (l *Ledger) ClaimPayment(ctx context.Context, id v1alpha1.Identity, provider v1alpha1.PaymentProvider, reference string) (bool, error) {
	var owner v1alpha1.Identity
	err := l.tx(ctx, "claim_payment", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlClaimPayment, string(provider), reference, id.Namespace, id.Source, id.ExternalID, l.now()); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlPaymentOwner, string(provider), reference).Scan(&owner.Namespace, &owner.Source, &owner.ExternalID)
	})
	return owner == id, err
}
