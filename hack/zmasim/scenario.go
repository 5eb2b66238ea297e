package zmasim

// Product IDs with a meaning. Any other ID of ten characters of A-Z and 0-9, such
// as those that start with B0, is a product that is simply bought. The first
// product of an order decides for the whole order.
const (
	// ProductOK is bought and nothing else happens.
	ProductOK = "B000000001"
	// ProductSlow takes ten times Options.Processing.
	ProductSlow = "SLOW000000"
	// ProductStuck is processed for ever, unless aborted.
	ProductStuck = "STUCK00000"
	// ProductSplit becomes two merchant orders and three parcels.
	ProductSplit = "SPLIT00000"
	// ProductReviewThenSuccess shows manual_review_required for as long as
	// processing took, then is bought.
	ProductReviewThenSuccess = "REVIEWOK00"
	// ProductReviewThenFail shows manual_review_required, then ends as product_unavailable.
	ProductReviewThenFail = "REVIEWFAIL"
	// ProductRetailerCancel is bought and later cancelled by the retailer, which
	// shows in status_updates and a case alone; the money comes back.
	ProductRetailerCancel = "RETCANCEL0"
	// ProductAbortTooLate ignores an abort and is bought.
	ProductAbortTooLate = "ABORTLATE0"
	// ProductAbortPending answers an abort with request_processing and ends as
	// aborted_request when processing ends.
	ProductAbortPending = "ABORTPEND0"
	// ProductAbortRefused answers every abort with an error about the call, and is
	// bought.
	ProductAbortRefused = "ABORTNO000"
	// ProductCancelDirect is cancelled without the detour over attempting_to_cancel.
	ProductCancelDirect = "CANCELNOW0"
	// ProductCancelRefused shows attempting_to_cancel, then the cancellation fails.
	ProductCancelRefused = "CANCELNO00"
	// ProductForeign is bought at a retailer whose prices are in GBP; the answer names
	// what the account was charged in USD beside them.
	ProductForeign = "FOREIGN000"
	// ProductForeignOnly is bought like that, but the answer says nothing of USD.
	ProductForeignOnly = "FOREIGNNO0"
	// ProductPieces is bought, and each piece of the order comes in a parcel of its own,
	// whose product_ids name it alone. One arrives before the next one has tracking.
	ProductPieces = "PIECES0000"
	// ProductRenumbered is bought; its parcels have the retailer's number alone until
	// they are delivered, and the provider's own alone from then on.
	ProductRenumbered = "RENUMBER00"
	// ProductItemGone is bought; of an order with several products the retailer cancels
	// all but the first, which version 2 shows by their items alone. No money comes back.
	ProductItemGone = "ITEMGONE00"
	// ProductStranger is bought; a status update tells of a cancelled merchant order
	// that is none of the order's.
	ProductStranger = "STRANGER00"
	// ProductDiscount is bought; its price has a discount as a negative shipping.
	ProductDiscount = "DISCOUNT00"
	// ProductOverloadNested ends as zma_temporarily_overloaded in its bare form:
	// no message, and an error object inside data.
	ProductOverloadNested = "OVERLOAD00"
)

// Prefixes of product IDs that hold an error code.
const (
	prefixFail     = "E"
	prefixFailOnce = "F"
	prefixRefuse   = "R"
)

// ProductFor returns the product whose orders end with code: one of Codes, or any of at
// most eight characters of a-z, _ and 1-8. It panics for others. With
// request_processing the order never ends; with order_probably_placed the goods
// are bought all the same, which is the case to fear.
func ProductFor(code string) string {
	if code == "request_processing" {
		return ProductStuck
	}
	return encodeCode(prefixFail, code)
}

// ProductFailOnce returns the product whose first order of an identity ends with
// code while later ones are bought. Codes as for ProductFor.
func ProductFailOnce(code string) string { return encodeCode(prefixFailOnce, code) }

// ProductRefused returns the product whose POST itself is answered with the
// error. Codes as for ProductFor.
func ProductRefused(code string) string { return encodeCode(prefixRefuse, code) }

type abortMode int

const (
	abortAtOnce abortMode = iota
	abortPending
	abortTooLate
	abortRefused
)

type cancelMode int

const (
	cancelAfterAttempt cancelMode = iota
	cancelDirect
	cancelRefused
)

type foreignMode int

const (
	foreignNot foreignMode = iota
	foreignConverted
	foreignAlone
)

// scenario is what a product ID means.
type scenario struct {
	code           string // ends with this error
	onlyFirst      bool   // for the first order of the identity alone
	refused        string // the POST answers with this error
	slow           bool
	stuck          bool
	split          bool
	review         bool
	retailerCancel bool
	nested         bool
	pieces         bool
	renumbered     bool
	itemGone       bool
	stranger       bool
	discount       bool
	foreign        foreignMode
	abort          abortMode
	cancel         cancelMode
}

func scenarioOf(productID string) scenario {
	if code, ok := decodeCode(prefixFail, productID); ok {
		return scenario{code: code}
	}
	if code, ok := decodeCode(prefixFailOnce, productID); ok {
		return scenario{code: code, onlyFirst: true}
	}
	if code, ok := decodeCode(prefixRefuse, productID); ok {
		return scenario{refused: code}
	}
	return namedScenario(productID)
}

func namedScenario(productID string) scenario {
	switch productID {
	case ProductSlow:
		return scenario{slow: true}
	case ProductStuck:
		return scenario{stuck: true}
	case ProductSplit:
		return scenario{split: true}
	case ProductReviewThenSuccess:
		return scenario{review: true}
	case ProductReviewThenFail:
		return scenario{review: true, code: "product_unavailable"}
	case ProductRetailerCancel:
		return scenario{retailerCancel: true}
	case ProductAbortTooLate:
		return scenario{abort: abortTooLate}
	case ProductAbortPending:
		return scenario{abort: abortPending}
	case ProductAbortRefused:
		return scenario{abort: abortRefused}
	case ProductCancelDirect:
		return scenario{cancel: cancelDirect}
	case ProductCancelRefused:
		return scenario{cancel: cancelRefused}
	case ProductForeign:
		return scenario{foreign: foreignConverted}
	case ProductForeignOnly:
		return scenario{foreign: foreignAlone}
	case ProductPieces:
		return scenario{pieces: true}
	case ProductRenumbered:
		return scenario{renumbered: true}
	case ProductItemGone:
		return scenario{itemGone: true}
	case ProductStranger:
		return scenario{stranger: true}
	case ProductDiscount:
		return scenario{discount: true}
	case ProductOverloadNested:
		return scenario{code: "zma_temporarily_overloaded", nested: true}
	}
	if !wellFormed(productID) {
		return scenario{code: "unsupported_product_id"}
	}
	return scenario{}
}

// wellFormed: ten characters of A-Z and 0-9, as the retailer's IDs are.
func wellFormed(productID string) bool {
	for _, c := range productID {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(productID) == 10
}
