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
