package zmasim

import (
	"fmt"
	"slices"
	"strings"
)

// Codes are the error codes that an order can be made to end with by number. The
// order is fixed: product IDs hold the index, so new codes go at the end.
func Codes() []string {
	return []string{
		"unheard_of_code", // stands for every code the provider may add one day
		"internal_error", "zma_temporarily_overloaded", "amazon_antibot_blank_offers_page",
		"insufficient_zma_balance", "insufficient_addax_balance",
		"order_probably_placed", "duplicate_order", "manual_review_required",
		"aborted_request", "attempting_to_cancel",
		"invalid_client_token", "unauthorized_access",
		"invalid_request_id", "invalid_json", "invalid_request",
		"invalid_address", "shipping_address_refused", "shipping_address_unavailable",
		"max_price_exceeded", "max_delivery_days_exceeded",
		"no_free_shipping", "no_two_day_shipping", "no_gift_shipping",
		"invalid_shipping_method", "shipping_method_unavailable", "cannot_schedule_delivery",
		"invalid_gift_options", "invalid_promo_code",
		"product_unavailable", "expired_product_id", "unsupported_product_id", "invalid_product_id",
		"item_not_supported", "prime_pantry_not_supported", "add_on_item",
		"invalid_variant", "insufficient_variants", "invalid_quantity", "max_quantity_exceeded",
		"mismatching_retailer", "unknown_retailer",
		"payment_info_problem", "billing_address_refused", "brand_not_accepted", "credit_card_declined",
		"invalid_card_number", "invalid_expiration_date", "invalid_security_code", "invalid_payment_method",
		"account_locked", "account_locked_verification_required", "account_login_failed",
		"invalid_login_credentials", "incomplete_account_setup", "additional_information_required",
		"return_in_progress",
	}
}

// encodeCode writes a code into a product ID of ten characters: the prefix, the
// index and zeros for a code of Codes; the prefix, an X and the code itself for
// another one of at most eight characters. Nothing is registered anywhere, so
// that another process reads the same meaning.
func encodeCode(prefix, code string) string {
	if i := slices.Index(Codes(), code); i >= 0 {
		return fmt.Sprintf("%s%03d000000", prefix, i)
	}
	if i := slices.Index(V2Codes(), code); i >= 0 {
		return fmt.Sprintf("%s%03d000000", prefix, firstV2Code+i)
	}
	if code == "" || len(code) > 8 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_12345678") != "" {
		panic(fmt.Sprintf("zmasim: code %q is neither known nor short enough to fit into a product ID", code))
	}
	spelled := strings.ToUpper(strings.ReplaceAll(code, "_", "0"))
	return prefix + "X" + spelled + strings.Repeat("9", 8-len(spelled))
}

// decodeCode is the reverse; ok is false for any other product ID.
func decodeCode(prefix, productID string) (code string, ok bool) {
	rest, ok := strings.CutPrefix(productID, prefix)
	if !ok || len(rest) != 9 {
		return "", false
	}
	if spelled, own := strings.CutPrefix(rest, "X"); own {
		return strings.ToLower(strings.ReplaceAll(strings.TrimRight(spelled, "9"), "0", "_")), true
	}
	var i int
	if _, err := fmt.Sscanf(rest, "%03d000000", &i); err != nil {
		return "", false
	}
	if v2 := i - firstV2Code; v2 >= 0 && v2 < len(V2Codes()) {
		return V2Codes()[v2], true
	}
	if i >= len(Codes()) {
		return "", false
	}
	return Codes()[i], true
}
