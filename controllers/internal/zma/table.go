package zma

import "time"

// Pauses and limits of codes that may pass.
const (
	overloadPause = time.Hour
	otherPause    = 5 * time.Minute
)

//go:generate go test -run TestDocs -update .

// Classes is the classification of every documented error code, in reading
// order. The one table: with two, they would disagree one day.
func Classes() []CodeClass {
	var out []CodeClass
	for _, group := range []struct {
		class   Class
		meaning string
		codes   []string
	}{
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
	} {
		for _, code := range group.codes {
			out = append(out, CodeClass{Code: code, Class: group.class, Meaning: group.meaning, Known: true})
		}
	}
	return append(out,
		CodeClass{Code: "internal_error", Class: RetryLater, Meaning: "An outage; some goods fail so for ever.", MaxAttempts: 3, MinPause: otherPause, Known: true},
		CodeClass{Code: "zma_temporarily_overloaded", Class: RetryLater, Meaning: "The provider's queue timed out; nothing was bought.", MaxAttempts: 3, MinPause: overloadPause, Known: true},
		CodeClass{Code: "amazon_antibot_blank_offers_page", Class: RetryLater, Meaning: "The retailer showed no offers.", MaxAttempts: 2, MinPause: otherPause, Known: true},
	)
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
