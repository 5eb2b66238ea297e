// Package payment verifies customers' payments with whoever took them. What a
// webhook says of a payment is never believed.
package payment

import (
	"context"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// State is what is known of a payment.
type State string

const (
	// NotRequired means that the order has no payment to verify.
	NotRequired State = "NotRequired"
	// Verified means that the money is there.
	Verified State = "Verified"
	// Pending means that it may yet come.
	Pending State = "Pending"
	// Invalid means that there is no payment that covers the order.
	Invalid State = "Invalid"
)

// Result of a verification.
type Result struct {
	// State of the payment.
	State State
	// Reason for people, without personal data.
	Reason string
}

// Verifier verifies the payment of an order. An error means that it could not be
// found out.
type Verifier interface {
	Verify(ctx context.Context, o *v1alpha1.ZMAOrder) (Result, error)
}

// Unpaid takes orders without a payment, and holds every other: no payment
// provider is set up, and an unverified payment never passes.
type Unpaid struct{}

// Verify implements Verifier.
func (Unpaid) Verify(_ context.Context, o *v1alpha1.ZMAOrder) (Result, error) {
	if o.Spec.Payment.Provider == v1alpha1.PaymentProviderNone || o.Spec.Payment.Provider == "" {
		return Result{State: NotRequired, Reason: "The order has no payment to verify."}, nil
	}
	return Result{State: Invalid, Reason: "No payment provider is set up that could verify the payment."}, nil
}
