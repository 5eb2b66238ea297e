package ledger

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// contentsDigest is the same for two orders of a customer that are duplicates: the
// same products and quantities in whatever order, to the same address, for the same
// total. It is kept with the reservation, so that it is seen as soon as the money is
// held, unlike the mirror.
//
// It is personal data: with the customer's number and the items at hand, an address
// could be guessed from it. So it is kept, shown and erased with the customer's number.
// A key would hide it no better from those who may read the number.
func contentsDigest(o *v1alpha1.ZMAOrder) string {
	spec := o.Spec
	items := slices.SortedFunc(slices.Values(spec.Items), func(a, b v1alpha1.OrderItem) int {
		return cmp.Or(cmp.Compare(a.ProductID, b.ProductID), cmp.Compare(a.Quantity, b.Quantity))
	})
	parts := []string{
		"contents", spec.Customer.ID, spec.Total.Currency, cents(spec.Total.AmountCents),
		strings.ToLower(spec.ShippingAddress.Line1), spec.ShippingAddress.PostalCode,
	}
	for _, i := range items {
		parts = append(parts, i.ProductID, cents(int64(i.Quantity)))
	}
	return InputsDigest(parts...)
}

// digest of what is reserved for; nil is unknown.
func (r Reservation) digest() *string {
	if r.Order == nil {
		return nil
	}
	d := contentsDigest(r.Order)
	return &d
}
