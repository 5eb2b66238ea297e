package payment

import (
	"context"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Router asks whoever took the payment. An order without a payment needs nothing
// verified; one whose provider is not known has no payment that counts.
type Router struct {
	// Stripe verifies PaymentIntents; nil when Stripe is not set up, which holds
	// such orders instead of refusing them.
	Stripe Verifier
}

// Verify implements Verifier.
func (r Router) Verify(ctx context.Context, o *v1alpha1.ZMAOrder) (Result, error) {
	switch o.Spec.Payment.Provider {
	case v1alpha1.PaymentProviderNone, "":
		return Result{State: NotRequired, Reason: "The order has no payment to verify."}, nil
	case v1alpha1.PaymentProviderStripe:
		if r.Stripe == nil {
			return Result{}, ErrNotConfigured
		}
		return r.Stripe.Verify(ctx, o)
	default:
		return Result{State: Invalid, Reason: "The payment's provider is not one that can be asked."}, nil
	}
}
