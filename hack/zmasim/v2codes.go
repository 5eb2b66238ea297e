package zmasim

import "net/http"

// firstV2Code is the number of the first of V2Codes in product IDs.
const firstV2Code = 500

// V2Codes are the codes that only version 2 has, beside Codes. The order is fixed:
// new codes go at the end.
func V2Codes() []string {
	return []string{
		"product_not_found", "product_out_of_stock", "invalid_product_url", "product_variant_required",
		"product_variant_unavailable", "product_quantity_unavailable", "quantity_limit_exceeded",
		"gift_option_unavailable", "retailer_not_supported", "shipping_address_invalid", "shipping_unavailable",
		"retailer_unavailable", "retailer_rate_limited", "add_to_cart_failed", "cart_empty",
		"checkout_blocked", "checkout_failed",
		"payment_declined", "payment_method_invalid", "payment_failed", "login_failed", "session_expired",
		"account_verification_required", "order_limit_exceeded", "unknown",
		"insufficient_funds", "unauthorized", "forbidden", "invalid_token", "token_expired",
		"payment_method_required", "payment_required", "stripe_error", "stytch_error", "invalid_shipping_address",
		"validation_error", "bad_request", "url_unreachable", "non_us_retailer", "unsupported_retailer",
		"unsupported_country", "retailer_country_not_supported", "guest_checkout_not_supported", "out_of_stock",
		"external_service_error", "service_unavailable", "rate_limit_exceeded",
		"already_exists", "not_found", "order_not_cancellable", "return_not_allowed",
	}
}

// statusOfCodeV2 is the HTTP status that a code comes with when it refuses a POST.
func statusOfCodeV2(code string) int {
	switch code {
	case "unauthorized", "invalid_token", "token_expired":
		return http.StatusUnauthorized
	case "insufficient_funds", "payment_method_required", "payment_required", "payment_failed", "stripe_error":
		return http.StatusPaymentRequired
	case "forbidden":
		return http.StatusForbidden
	case "not_found":
		return http.StatusNotFound
	case "already_exists":
		return http.StatusConflict
	case "validation_error", "order_not_cancellable", "return_not_allowed":
		return http.StatusUnprocessableEntity
	case "rate_limit_exceeded":
		return http.StatusTooManyRequests
	case "internal_error":
		return http.StatusInternalServerError
	case "external_service_error":
		return http.StatusBadGateway
	case "service_unavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// errorTypeV2 is a cause in version 2's words, where version 1 has others.
func errorTypeV2(code string) string {
	switch code {
	case "insufficient_zma_balance":
		return "insufficient_funds"
	case "unsupported_product_id":
		return "product_not_found"
	}
	return code
}
