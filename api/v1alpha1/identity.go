package v1alpha1

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// ManualSource stands in for the source of orders made by hand.
const ManualSource = "manual"

// orderNameLength is 26 characters of base32: 130 bits, far beyond collision.
const orderNameLength = 26

// Identity is what makes an order the same order, through deletion,
// redelivery and restore. The UID is only an attribute: it changes when a
// cluster is rebuilt, and a purchase keyed on it would be made again.
type Identity struct {
	// Namespace of the order.
	Namespace string
	// Source is the name of the WebhookSource, or ManualSource.
	Source string
	// ExternalID at the sender, or the order's name when made by hand.
	ExternalID string
}

// String is the identity as sent to the provider in client notes. A slash can't
// occur in the first two parts, so it is unambiguous.
func (i Identity) String() string {
	return i.Namespace + "/" + i.Source + "/" + i.ExternalID
}

// IdentityOf derives the identity of an order.
func IdentityOf(o *ZMAOrder) Identity {
	if o.Spec.Source == nil {
		return Identity{Namespace: o.Namespace, Source: ManualSource, ExternalID: o.Name}
	}
	return Identity{Namespace: o.Namespace, Source: o.Spec.Source.Name, ExternalID: o.Spec.Source.ExternalID}
}

// OrderNameFor derives an order's name from its source. The API server's
// uniqueness of names is the lock that makes one order of many deliveries.
func OrderNameFor(source, externalID string) string {
	sum := sha256.Sum256(LengthPrefixed(source, externalID))
	enc := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
	return "zo-" + strings.ToLower(enc[:orderNameLength])
}

// HasDerivedName tells whether an order has the name that its source demands.
// An order without a source may have any name.
func HasDerivedName(o *ZMAOrder) bool {
	return o.Spec.Source == nil || o.Name == OrderNameFor(o.Spec.Source.Name, o.Spec.Source.ExternalID)
}

// LengthPrefixed joins parts so that no two different lists give the same
// bytes: ("ab","c") differs from ("a","bc").
func LengthPrefixed(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
