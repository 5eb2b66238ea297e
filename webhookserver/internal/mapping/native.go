// Package mapping turns the body of a verified webhook into a ZMAOrder.
package mapping

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// NativeOrder is the body that a source without a mapping expects: what a
// sender may decide of a ZMAOrderSpec. Account, policy and source come from the
// WebhookSource alone. Parts whose zero value would be a valid order are
// pointers, so that a missing address or amount is seen.
type NativeOrder struct {
	// ExternalID of the order at the sender. Required.
	ExternalID string `json:"externalID"`
	// Retailer to buy from.
	Retailer string `json:"retailer,omitempty"`
	// Items to buy. Required.
	Items []v1alpha1.OrderItem `json:"items"`
	// ShippingAddress of the person who receives the goods. Required.
	ShippingAddress *v1alpha1.Address `json:"shippingAddress"`
	// RecipientOfGift says that ShippingAddress is that of a gift's recipient.
	RecipientOfGift *bool `json:"recipientOfGift,omitempty"`
	// Gift options.
	Gift *v1alpha1.Gift `json:"gift,omitempty"`
	// Customer who ordered. Required.
	Customer *v1alpha1.Customer `json:"customer"`
	// Total that the customer was charged. Required.
	Total *NativeMoney `json:"total"`
	// Payment of the customer.
	Payment *v1alpha1.Payment `json:"payment,omitempty"`
	// Shipping speed and price.
	Shipping *v1alpha1.Shipping `json:"shipping,omitempty"`
	// NotBefore schedules the order.
	NotBefore *metav1.Time `json:"notBefore,omitempty"`
	// MaxPriceCents is the highest price that may be paid, in minor units.
	MaxPriceCents *int64 `json:"maxPriceCents,omitempty"`
}

// NativeMoney is v1alpha1.Money with an amount that can be missing: a total
// left out must not become a total of nothing.
type NativeMoney struct {
	// Currency as an ISO 4217 code.
	Currency string `json:"currency"`
	// AmountCents in minor units of the currency.
	AmountCents *int64 `json:"amountCents"`
}

// complete tells which required parts are not there, if any.
func (n *NativeOrder) complete() error {
	if missing := n.missing(); len(missing) > 0 {
		return &BodyError{Fields: missing}
	}
	return nil
}

// missing lists the required parts that are not there.
func (n *NativeOrder) missing() []FieldError {
	var out []FieldError
	need := func(field string, there bool) {
		if !there {
			out = append(out, FieldError{Field: field, Detail: "is required"})
		}
	}
	need("externalID", n.ExternalID != "")
	need("items", len(n.Items) > 0)
	need("shippingAddress", n.ShippingAddress != nil)
	if n.ShippingAddress != nil {
		out = append(out, missingParts(n.ShippingAddress)...)
	}
	need("customer", n.Customer != nil)
	need("total", n.Total != nil)
	need("total.amountCents", n.Total == nil || n.Total.AmountCents != nil)
	return out
}

// Spec of the order, without what the source decides. Call it on a decoded
// order only: Decode has made sure that the required parts are there.
func (n *NativeOrder) Spec() v1alpha1.ZMAOrderSpec {
	spec := v1alpha1.ZMAOrderSpec{
		Retailer:        n.Retailer,
		Items:           n.Items,
		ShippingAddress: *n.ShippingAddress,
		RecipientOfGift: n.RecipientOfGift,
		Gift:            n.Gift,
		Customer:        *n.Customer,
		Total:           v1alpha1.Money{Currency: n.Total.Currency, AmountCents: *n.Total.AmountCents},
		NotBefore:       n.NotBefore,
		MaxPriceCents:   n.MaxPriceCents,
	}
	if n.Payment != nil {
		spec.Payment = *n.Payment
	}
	if n.Shipping != nil {
		spec.Shipping = *n.Shipping
	}
	return spec
}
