package zma

import "time"

// Pauses and limits of codes that may pass.
const (
	overloadPause = time.Hour
	otherPause    = 5 * time.Minute
	// Version 2 tells of a failure only after tries of its own.
	retriedPause = 30 * time.Minute
)

//go:generate go test -run TestDocs -update .

// codeGroup is a number of codes that mean the same.
type codeGroup struct {
	class   Class
	meaning string
	codes   []string
}

// Classes is the classification of every documented error code of both versions
// of the API, in reading order. The one table: with two, they would disagree one
// day. A code that both have stands with version 1's.
func Classes() []CodeClass {
	var out []CodeClass
	for _, group := range codesOfV1() {
		out = append(out, group.rows(false)...)
	}
	for _, group := range codesOfV2() {
		out = append(out, group.rows(true)...)
	}
	return append(out, passingCodes()...)
}

func (g codeGroup) rows(onlyV2 bool) []CodeClass {
	var out []CodeClass
	for _, code := range g.codes {
		out = append(out, CodeClass{Code: code, Class: g.class, Meaning: g.meaning, Known: true, OnlyV2: onlyV2})
	}
	return out
}

func codesOfV1() []codeGroup {
	return []codeGroup{
		{InProgress, "The provider is at work.", []string{"request_processing"}},
		{InProgress, "A return is under way; orders do not end with it.", []string{"return_in_progress"}},
		{Review, "The provider's staff looks at the order; it goes on by itself.", []string{"manual_review_required"}},
		{UnknownOutcome, "The order may have been placed; the retailer has to be looked at.", []string{"order_probably_placed"}},
		{AwaitFunds, "The prefunded balance is too low.", []string{"insufficient_zma_balance", "insufficient_addax_balance"}},
		{Operator, "The account at the provider, its credentials or its set-up need the operator.", []string{
			"invalid_client_token", "unauthorized_access", "account_locked", "account_locked_verification_required",
			"account_login_failed", "incomplete_account_setup", "invalid_login_credentials", "additional_information_required",
			"payment_info_problem", "invalid_payment_method", "billing_address_refused", "brand_not_accepted",
			"credit_card_declined", "invalid_card_number", "invalid_expiration_date", "invalid_security_code",
		}},
		{Decision, "A person decides on price or delivery.", []string{
			"max_price_exceeded", "max_delivery_days_exceeded", "no_free_shipping", "no_two_day_shipping", "no_gift_shipping",
			"shipping_method_unavailable", "invalid_shipping_method", "cannot_schedule_delivery", "invalid_promo_code", "invalid_gift_options",
		}},
		{CustomerAddress, "The customer has to correct the address.", []string{
			"invalid_address", "shipping_address_refused", "shipping_address_unavailable",
		}},
		{RejectedForGood, "These goods can't be bought like this.", []string{
			"product_unavailable", "expired_product_id", "unsupported_product_id", "invalid_product_id", "item_not_supported",
			"prime_pantry_not_supported", "add_on_item", "invalid_variant", "insufficient_variants", "invalid_quantity",
			"max_quantity_exceeded", "mismatching_retailer", "unknown_retailer",
		}},
		{OurFault, "The request itself was wrong.", []string{"invalid_request", "invalid_json", "invalid_request_id"}},
		{Duplicate, "The provider takes the order for one that it has already.", []string{"duplicate_order"}},
		{Aborted, "The provider stopped at our request; nothing was bought.", []string{"aborted_request"}},
		{CancelPending, "A cancellation is not decided yet.", []string{"attempting_to_cancel"}},
	}
}

// codesOfV2 are synchronous codes of answers and error types of failed orders.
func codesOfV2() []codeGroup {
	return []codeGroup{
		{InProgress, "The provider's work has begun, so that it can't be stopped any more; orders do not end with it.", []string{"order_not_cancellable"}},
		{AwaitFunds, "The wallet can't cover the maximum price and the provider's fee.", []string{"insufficient_funds"}},
		{Operator, "The account at the provider, its key, its wallet or its set-up need the operator.", []string{
			"unauthorized", "forbidden", "invalid_token", "token_expired", "payment_required", "payment_method_required", "payment_failed",
			"payment_declined", "payment_method_invalid", "stripe_error", "stytch_error", "login_failed", "session_expired",
			"account_verification_required", "order_limit_exceeded",
		}},
		{Decision, "A person decides on price or delivery.", []string{"gift_option_unavailable", "return_not_allowed"}},
		{Decision, "The provider does not know why, or could not look; a person decides.", []string{"unknown", "url_unreachable"}},
		{CustomerAddress, "The customer has to correct the address.", []string{
			"invalid_shipping_address", "shipping_address_invalid", "shipping_unavailable",
		}},
		{RejectedForGood, "These goods can't be bought like this.", []string{
			"product_not_found", "product_out_of_stock", "out_of_stock", "invalid_product_url", "product_variant_required",
			"product_variant_unavailable", "product_quantity_unavailable", "quantity_limit_exceeded", "retailer_not_supported",
			"unsupported_retailer", "non_us_retailer", "unsupported_country", "retailer_country_not_supported", "guest_checkout_not_supported",
		}},
		{OurFault, "The request itself was wrong.", []string{"bad_request", "validation_error", "not_found"}},
		{Duplicate, "The key has an order already.", []string{codeExists}},
	}
}

// passingCodes may pass: another attempt is made, a few times.
func passingCodes() []CodeClass {
	out := []CodeClass{
		{Code: "internal_error", Class: RetryLater, Meaning: "An outage; some goods fail so for ever.", MaxAttempts: 3, MinPause: otherPause, Known: true},
		{Code: "zma_temporarily_overloaded", Class: RetryLater, Meaning: "The provider's queue timed out; nothing was bought.", MaxAttempts: 3, MinPause: overloadPause, Known: true},
		{Code: "amazon_antibot_blank_offers_page", Class: RetryLater, Meaning: "The retailer showed no offers.", MaxAttempts: 2, MinPause: otherPause, Known: true},
	}
	for _, code := range []string{"external_service_error", "service_unavailable", "rate_limit_exceeded"} {
		out = append(out, CodeClass{Code: code, Class: RetryLater, Meaning: "An outage, or too many calls at once.", MaxAttempts: 3, MinPause: otherPause, Known: true, OnlyV2: true})
	}
	for _, code := range []string{"retailer_unavailable", "retailer_rate_limited", "add_to_cart_failed", "cart_empty", "checkout_blocked", "checkout_failed"} {
		out = append(out, CodeClass{Code: code, Class: RetryLater, Meaning: "The retailer did not get through with it; the provider has tried again by itself.", MaxAttempts: 2, MinPause: retriedPause, Known: true, OnlyV2: true})
	}
	return out
}

// Classify finds the class of a code by exact match; parts of words mislead:
// product_unavailable is final, internal_error may pass. A code that the table
// does not hold is for a person to decide.
func Classify(code string) CodeClass {
	for _, c := range Classes() {
		if c.Code == code {
			return c
		}
	}
	return CodeClass{Code: code, Class: Decision, Meaning: "The code is not documented; a person decides."}
}

// classifyV1 is Classify for answers of version 1, which does not document the
// codes that version 2 alone has: there, such a code proves nothing of an order.
func classifyV1(code string) CodeClass {
	if c := Classify(code); !c.OnlyV2 {
		return c
	}
	return CodeClass{Code: code, Class: Decision}
}
