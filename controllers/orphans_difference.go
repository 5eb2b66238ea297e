package controllers

// The kinds of difference; each has a runbook page of its name.
const (
	// KindUnknownPurchase is an order at the provider that is not ours: somebody
	// else buys with this account.
	KindUnknownPurchase = "UnknownPurchase"
	// KindOrderOrphaned is an order of ours at the provider that nobody follows.
	KindOrderOrphaned = "OrderOrphaned"
	// KindOrderMissingAtProvider is an order that we take for bought and that the
	// provider does not list.
	KindOrderMissingAtProvider = "OrderMissingAtProvider"
)

// Why there is a difference, for people.
const (
	whyNoNotes     = "The provider lists an order without the notes and key of this operator: somebody else buys with this account."
	whyElsewhere   = "The provider lists an order with the notes of another namespace or operator: somebody else buys with this account."
	whyNoRecord    = "The provider lists a purchase of this order under a key that neither the cluster nor the ledger knows."
	whyOtherID     = "The provider lists a purchase of this order under another request ID than the one that is followed."
	whyUnresolved  = "The provider has listed a purchase of this order for more than an hour, and it has not been adopted."
	whyNotBought   = "The provider lists a purchase of this order, whose attempt is recorded as not having bought."
	whyBoughtTwice = "The provider lists more than one purchase of this order, and none of them as failed."
	whyMissing     = "The provider's list does not hold a purchase of this order that is recorded."
)

// Difference is one disagreement between the provider and us.
type Difference struct {
	// Kind is one of the Kind constants.
	Kind string
	// RequestID at the provider.
	RequestID string
	// Order is the name of the order concerned; empty when it is none of ours.
	Order string
	// Why in words for people, without personal data.
	Why string
}
