package act

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// approvalOf is the fingerprint of what a person approves. Of an order's contents
// only the address can change, so it alone counts; the hash lets it be compared
// without being copied.
func approvalOf(o *v1alpha1.ZMAOrder) string {
	a := o.Spec.ShippingAddress
	sum := sha256.Sum256(v1alpha1.LengthPrefixed(a.FirstName, a.LastName, a.Line1, a.Line2, a.City, a.State, a.PostalCode, a.Country, a.Phone, a.Email))
	return hex.EncodeToString(sum[:])
}

func approved(o *v1alpha1.ZMAOrder) bool {
	return o.Status.Recovery != nil && o.Status.Recovery.ApprovedAddress == approvalOf(o)
}
