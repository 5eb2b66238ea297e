package oracle

// Class is who has to act on an error code, by the provider's documentation.
type Class string

// Classes of codes.
const (
	InProgress Class = "in progress"
	Review     Class = "under review"
	Unknown    Class = "unknown outcome"
	RetryLater Class = "retry later"
	Funds      Class = "wait for funds"
	Operator   Class = "wait for the operator"
	Person     Class = "a person decides"
	Address    Class = "the customer corrects the address"
	Rejected   Class = "rejected for good"
	OurFault   Class = "our request was wrong"
	Duplicate  Class = "already there"
	OwnEnd     Class = "an end of our own asking"
	Undecided  Class = "a cancellation under way"
)

// ClassOf is the class of a code. The table is typed from the documentation's
// list, on purpose a second time: a slip in the product's own would not be found
// by a copy of it. Codes that are not listed are for a person.
func ClassOf(code string) Class {
	switch code {
	case "request_processing", "return_in_progress":
		return InProgress
	case "order_probably_placed":
		return Unknown
	case "internal_error", "zma_temporarily_overloaded", "amazon_antibot_blank_offers_page":
		return RetryLater
	case "manual_review_required":
		return Review
	case "insufficient_zma_balance", "insufficient_addax_balance":
		return Funds
	case "invalid_client_token", "unauthorized_access", "account_locked", "account_locked_verification_required",
		"account_login_failed", "incomplete_account_setup", "invalid_login_credentials",
		"additional_information_required", "payment_info_problem", "invalid_payment_method",
		"billing_address_refused", "brand_not_accepted", "credit_card_declined", "invalid_card_number",
		"invalid_expiration_date", "invalid_security_code":
		return Operator
	case "max_price_exceeded", "max_delivery_days_exceeded", "no_free_shipping", "no_two_day_shipping",
		"no_gift_shipping", "shipping_method_unavailable", "invalid_shipping_method", "cannot_schedule_delivery",
		"invalid_promo_code", "invalid_gift_options":
		return Person
	case "invalid_address", "shipping_address_refused", "shipping_address_unavailable":
		return Address
	case "product_unavailable", "expired_product_id", "unsupported_product_id", "item_not_supported",
		"prime_pantry_not_supported", "add_on_item", "invalid_variant", "insufficient_variants", "invalid_quantity",
		"max_quantity_exceeded", "mismatching_retailer", "unknown_retailer", "invalid_product_id":
		return Rejected
	case "invalid_request", "invalid_json", "invalid_request_id":
		return OurFault
	case "duplicate_order":
		return Duplicate
	case "aborted_request":
		return OwnEnd
	case "attempting_to_cancel":
		return Undecided
	}
	return Person
}

// repeats is how many attempts in a row may end with a code that may pass.
func repeats(code string) int64 {
	if code == "amazon_antibot_blank_offers_page" {
		return 2
	}
	return 3
}
