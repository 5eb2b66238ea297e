package zma

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/error-codes.md from the table")

// TestEveryDocumentedCodeHasItsClass names each code of the provider's
// documentation once more, so that a slip in the table shows.
func TestEveryDocumentedCodeHasItsClass(t *testing.T) {
	want := map[Class]string{
		InProgress:      "request_processing",
		Review:          "manual_review_required",
		UnknownOutcome:  "order_probably_placed",
		RetryLater:      "internal_error zma_temporarily_overloaded amazon_antibot_blank_offers_page",
		AwaitFunds:      "insufficient_zma_balance insufficient_addax_balance",
		Operator:        "invalid_client_token unauthorized_access account_locked account_locked_verification_required account_login_failed incomplete_account_setup invalid_login_credentials additional_information_required payment_info_problem invalid_payment_method billing_address_refused brand_not_accepted credit_card_declined invalid_card_number invalid_expiration_date invalid_security_code",
		Decision:        "max_price_exceeded max_delivery_days_exceeded no_free_shipping no_two_day_shipping no_gift_shipping shipping_method_unavailable invalid_shipping_method cannot_schedule_delivery invalid_promo_code invalid_gift_options",
		CustomerAddress: "invalid_address shipping_address_refused shipping_address_unavailable",
		RejectedForGood: "product_unavailable expired_product_id unsupported_product_id item_not_supported prime_pantry_not_supported add_on_item invalid_variant insufficient_variants invalid_quantity max_quantity_exceeded mismatching_retailer unknown_retailer",
		OurFault:        "invalid_request invalid_json invalid_request_id",
		Duplicate:       "duplicate_order",
		Aborted:         "aborted_request",
		CancelPending:   "attempting_to_cancel",
	}
	for class, codes := range want {
		for _, code := range strings.Fields(codes) {
			got := Classify(code)
			if got.Class != class || !got.Known || got.Meaning == "" {
				t.Errorf("%s is %+v, want %s", code, got, class)
			}
			if (class == RetryLater) != (got.MaxAttempts > 0 && got.MinPause > 0) {
				t.Errorf("%s: %d attempts, pause %s", code, got.MaxAttempts, got.MinPause)
			}
		}
	}
	seen := map[string]bool{}
	for _, c := range Classes() {
		if seen[c.Code] {
			t.Errorf("%s stands twice in the table", c.Code)
		}
		seen[c.Code] = true
	}
}

// TestEveryCodeOfVersion2HasItsClass, and proves nothing where version 1 answers
// with it: "unauthorized" there would end an order for a token of today.
func TestEveryCodeOfVersion2HasItsClass(t *testing.T) {
	want := map[Class]string{
		InProgress:      "order_not_cancellable",
		RetryLater:      "external_service_error service_unavailable rate_limit_exceeded retailer_unavailable retailer_rate_limited add_to_cart_failed cart_empty checkout_blocked checkout_failed",
		AwaitFunds:      "insufficient_funds",
		Operator:        "unauthorized forbidden invalid_token token_expired payment_required payment_method_required payment_failed payment_declined payment_method_invalid stripe_error stytch_error login_failed session_expired account_verification_required order_limit_exceeded",
		Decision:        "gift_option_unavailable return_not_allowed unknown url_unreachable",
		CustomerAddress: "invalid_shipping_address shipping_address_invalid shipping_unavailable",
		RejectedForGood: "product_not_found product_out_of_stock out_of_stock invalid_product_url product_variant_required product_variant_unavailable product_quantity_unavailable quantity_limit_exceeded retailer_not_supported unsupported_retailer non_us_retailer unsupported_country retailer_country_not_supported guest_checkout_not_supported",
		OurFault:        "bad_request validation_error not_found",
		Duplicate:       "already_exists",
	}
	documented := 0
	for class, codes := range want {
		for _, code := range strings.Fields(codes) {
			documented++
			got := Classify(code)
			if got.Class != class || !got.Known || !got.OnlyV2 || got.Meaning == "" || (class == RetryLater) != (got.MaxAttempts > 0 && got.MinPause > 0) {
				t.Errorf("%s is %+v, want %s", code, got, class)
			}
			if v1 := classifyV1(code); v1.Known {
				t.Errorf("%s is %+v in version 1, want an unknown code", code, v1)
			}
		}
	}
	for _, c := range Classes() {
		if c.OnlyV2 {
			documented--
		} else if classifyV1(c.Code) != c {
			t.Errorf("version 1 does not know its code %s", c.Code)
		}
	}
	if documented != 0 {
		t.Errorf("the table has %d codes of version 2 too few", documented)
	}
}

// TestVersion1TakesNoCodeOfVersion2ForAnOutcome, neither of the paid call nor of
// an order.
func TestVersion1TakesNoCodeOfVersion2ForAnOutcome(t *testing.T) {
	s := httptest.NewServer(answerWith(200, nil, `{"_type":"error","code":"forbidden"}`))
	t.Cleanup(s.Close)
	c := client(t, s.URL)
	if got := c.Submit(t.Context(), request()); got.Verdict != Unknown {
		t.Errorf("Submit = %+v, want Unknown", got)
	}
	if got, err := c.Get(t.Context(), "abc"); err == nil {
		t.Errorf("Get = %+v, want an error of the call", got)
	}
}

// TestCodesAreMatchedWhole keeps parts of words from deciding: unavailable is in
// codes of three classes.
func TestCodesAreMatchedWhole(t *testing.T) {
	for _, code := range []string{"unavailable", "product", "invalid", "", "PRODUCT_UNAVAILABLE", "product_unavailable "} {
		if got := Classify(code); got.Known || got.Class != Decision {
			t.Errorf("%q is %+v, want an unknown code for a person", code, got)
		}
	}
}

const page = "../../../docs/error-codes.md"

// TestDocsShowTheTable keeps the reference page in step with the code.
func TestDocsShowTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Error codes of the provider\n\nGenerated from the table in `controllers/internal/zma/table.go`; do not edit.\n\n")
	b.WriteString("| code | class | meaning | attempts | pause |\n|---|---|---|---|---|\n")
	for _, c := range Classes() {
		attempts, pause := "", ""
		if c.MaxAttempts > 0 {
			attempts, pause = fmt.Sprint(c.MaxAttempts), c.MinPause.String()
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Code, c.Class, c.Meaning, attempts, pause)
	}
	b.WriteString("| anything else | Decision | " + Classify("anything else").Meaning + " | | |\n")
	listed := func(types []string) string { return "`" + strings.Join(types, "`, `") + "`" }
	b.WriteString("\n## Movements of the balance\n\nThe provider documents no types of its movements (version 1). A movement is booked as a refund if it names the\n" +
		"order's request, its amount is positive, and its type is one of\n" + listed(refundTypes()) + ".\nA charge is one of " + listed(chargeTypes()) + ". " +
		"Case does not matter, nor do `.`, `-`, blanks and `_` in place of each other. Any\nother type of an order's movement is booked as nothing, whatever its sign, and counted once per type and process in\n" +
		"`zma_provider_unknown_codes_total`: it may be a charge without its sign. A refund under such a type is missed, and after\n30 days a person is asked for it.\n")
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/error-codes.md differs from the table (%v); run: go test ./controllers/internal/zma -run Docs -update", err)
	}
}
