package mapping

import (
	"errors"
	"strings"
	"testing"
)

func TestHasCardNumber(t *testing.T) {
	cases := []struct {
		reason, in string
		want       bool
	}{
		{"Visa", "4111111111111111", true},
		{"13 digits that begin like a Visa: a phone number", "+4915112345678", false},
		{"Mastercard", "5555555555554444", true},
		{"Mastercard of the 2 series", "2223003122003222", true},
		{"American Express", "378282246310005", true},
		{"Diners Club", "30569309025904", true},
		{"Discover", "6011111111111117", true},
		{"JCB", "3530111333300000", true},
		{"UnionPay", "6200000000000005", true},
		{"groups by spaces", "card 4111 1111 1111 1111 please", true},
		{"groups by dashes", "4111-1111-1111-1111", true},
		{"groups by dots", "4111.1111.1111.1111", true},
		{"beside letters", "card4111111111111111x", true},
		{"with an expiry date behind", "4111 1111 1111 1111 12 27", true},
		{"with a number before", "no 12 4111 1111 1111 1111", true},
		{"fullwidth digits", "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11", true},
		{"Arabic digits", "\u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661", true},
		{"mathematical digits", "\U0001d7d2\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf", true},
		{"digits on keys", "4\ufe0f\u20e31\ufe0f\u20e31\ufe0f\u20e31\ufe0f\u20e3111111111111", true},
		{"groups by underscores", "4111_1111_1111_1111", true},
		{"groups by slashes", "4111/1111/1111/1111", true},
		{"groups by commas", "4111,1111,1111,1111", true},
		{"groups by commas and spaces", "4111, 1111, 1111, 1111", true},
		{"groups by colons", "4111:1111:1111:1111", true},
		{"groups by tabs", "4111\t1111\t1111\t1111", true},
		{"groups by lines", "4111\r\n1111\r\n1111\r\n1111", true},
		{"groups by two spaces", "4111  1111  1111  1111", true},
		{"groups by two dashes", "4111--1111--1111--1111", true},
		{"groups by a dash in spaces", "4111 - 1111 - 1111 - 1111", true},
		{"groups by spaces of another width", "4111\u00a01111\u20091111\u30001111", true},
		{"groups by dashes of another width", "4111\u20111111\u20131111\u22121111", true},
		{"groups by nothing that can be seen", "4111\u200b1111\u200d1111\ufeff1111", true},
		{"a soft hyphen inside", "4\u00ad111111111111111", true},
		{"many soft hyphens inside", "4\u00ad\u00ad\u00ad\u00ad\u00ad111111111111111", true},
		{"spaces, dashes and dots together", "4111 1111-1111.1111", true},
		{"groups of other sizes", "41111 11111 111111", true},
		{"digits one by one", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", true},
		{"zeros before", "0004111111111111111", true},
		{"zeros before, in a group", "0000 0411 1111 1111 1111 1", true},
		{"with an expiry date behind, by itself", "4111111111111111 12/25", true},
		{"with an expiry date glued on", "411111111111111112/25", true},
		{"with an expiry date of four digits glued on", "411111111111111112-2027", true},
		{"groups with an expiry date glued on", "4111 1111 1111 111101/29", true},
		{"what no month is, glued on", "411111111111111113/25", false},
		{"as on the magnetic stripe", ";4111111111111111=25121010000000000000?", true},
		{"Mir", "2200000000000004", true},
		{"RuPay", "6072000000000000", true},
		{"RuPay of the 82 series", "8200000000000001", true},
		{"Dankort", "5019717010103742", true},
		{"Maestro", "6759649826438453", true},
		{"Maestro of Belgium", "6703444444444449", true},
		{"Maestro of 19 digits", "6703000000000000003", true},
		{"Maestro of Ireland", "6771798021000008", true},
		{"Bankcard", "5610591081018250", true},
		{"Verve", "5060990580000217499", true},
		{"Elo", "6362970000457013", true},
		{"Elo of the 50 series", "5066991111111118", true},
		{"Hipercard", "6062826786276634", true},
		{"Troy", "9792030000000000", true},
		{"Uzcard", "8600000000000007", true},
		{"UATP, as it is printed", "1354 10014 004955", true},
		{"UATP, without spaces: as likely somebody's ID", "135410014004955", false},
		{"a rarer Maestro, as it is printed", "5700 0000 0000 0002", true},
		{"a rarer Maestro, without spaces: as likely somebody's ID", "5700000000000002", false},
		{"a Maestro of 13 digits, as it is printed", "5018 3740 06143", true},
		{"one digit off", "4111111111111112", false},
		{"a phone number", "+1 512 555 0100", false},
		{"milliseconds since 1970 that pass the check", "1700000000009", false},
		{"an order number that passes the check", "9999999999999995", false},
		{"a long number that contains a card number", "00004111111111111111000", false},
		{"digits with letters between", "4111a1111b1111c1111", false},
		{"more than three signs between", "4111 -- / 1111 -- / 1111 -- / 1111", false},
		{"signs that differ between", "4111/1111:1111_1111", false},
		{"a slash and spaces between", "4111/1111 1111 1111", false},
		{"spaces and a slash between", "4111 1111 1111/1111", false},
		{"a list of larger numbers", "4000,1234,5678,9017,4111,1111,1111,1111", false},
		{"a postal code, and a phone number on the next line", "40001-1111\n1111-1111-1", false},
		{"a rarer Maestro behind a text", "card no. 5700 0000 0000 0002.", true},
		{"a rarer Maestro in a longer number", "DE12 5700 0000 0000 0002 34", false},
		{"numbers counted up", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", false},
		{"an order number of Amazon's in Germany", "305-0000000-0000004", false},
		{"a time with microseconds and an offset that would pass", "2026-11-30 14:36:22.123456+00:00", false},
		{"an EAN of Britain that would pass", "5018374006143", false},
		{"a list of small numbers", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16", false},
		{"a parcel of UPS", "1Z9999999999999999", false},
		{"a parcel of USPS", "9400111899223397910435", false},
		{"an ASIN", "B000000001", false},
		{"nothing", "", false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := HasCardNumber(tc.in); got != tc.want {
				t.Errorf("%q: %v, want %v", tc.in, got, tc.want)
			}
		})
	}
}

func TestCardNumbersAreFoundAnywhereInABody(t *testing.T) {
	for reason, body := range map[string]string{
		"in a string":                   `{"a":[{"b":"4111 1111 1111 1111"}]}`,
		"in a number":                   `{"a":4111111111111111}`,
		"in a key":                      `{"4111111111111111":1}`,
		"behind escapes":                `{"a":"\u0034111111111111111"}`,
		"in digits of another script":   `{"a":"\uff14111 1111 1111 111\u0661"}`,
		"in a key, behind escapes":      `{"4111\u200b1111\u00a01111\u20031111":1}`,
		"in a number with an exponent":  `{"a":4.000000000000000006e18}`,
		"in a body that is no order":    `["4111111111111111"]`,
		"in a body that is just a text": `"4111111111111111"`,
		"in a body that was cut off":    `{"a":"4111111111111111"`,
		"in a body that is no JSON":     `card=4111111111111111`,
		"in a body that is no UTF-8":    "{\"a\":\"4111111111111111\",\"b\":\"\xff\"}",
		"deeper than a body may be":     strings.Repeat("[", 50) + `"4111111111111111"` + strings.Repeat("]", 50),
		"behind a key given twice":      `{"a":1,"a":2,"b":"4111111111111111"}`,
	} {
		t.Run(reason, func(t *testing.T) {
			if _, err := Decode([]byte(body)); !errors.Is(err, ErrCardData) {
				t.Errorf("error %v, want ErrCardData", err)
			}
		})
	}
}

// TestNumbersOfShopsAreNoCards keeps paid orders from being refused for IDs,
// phone numbers and the noise of doubles.
func TestNumbersOfShopsAreNoCards(t *testing.T) {
	for body, card := range map[string]bool{
		`{"phone":"+49 151 10000010"}`:            false,
		`{"phone":"+4915112345678"}`:              false,
		`{"variant_id":48020601274519}`:           false,
		`{"gid":"ProductVariant/43762382569626"}`: false,
		`{"ean":"4901234567894"}`:                 false,
		`{"total":38.400000000000006}`:            false,
		`{"total":4.050000000000001}`:             false,
		`{"card":4111111111111111}`:               true,
		`{"card":4111111111111111.0}`:             true,
		`{"card":4.111111111111111e15}`:           true,
		`{"card":"4111.1111.1111.1111"}`:          true,
		`{"card":"4000 0000 0000 0000 006"}`:      true,
		`{"card":4.000000000000000006e18}`:        true,
		`{"card":0.04000000000000000006E+20}`:     true,
		`{"card":41111111111111110.0e-1}`:         true,
		`{"card":411111111111111100e-2}`:          true,
		`{"card":-4111111111111111}`:              true,
		`{"4111_1111_1111_1111":1}`:               true,
		`{"x":4111111111111111e1}`:                false,
		`{"x":0.4111111111111111}`:                false,
		`{"x":4111111111111111e-9999999999999}`:   false,
		`{"x":4111111111111111e9999999999999999}`: false,
	} {
		_, err := Decode([]byte(body))
		if got := errors.Is(err, ErrCardData); got != card {
			t.Errorf("%s is a card: %v, want %v", body, got, card)
		}
	}
}

func TestNULIsRefusedByField(t *testing.T) {
	_, err := Decode([]byte(`{"externalID":"a\u0000b"}`))
	var wrong *BodyError
	if !errors.As(err, &wrong) || wrong.Fields[0].Detail != "holds a NUL character" {
		t.Errorf("%v", err)
	}
}

// TestThePayloadHashStaysWhatItIs: another hash of the same order would answer
// redeliveries with 409, during each roll-out and for old orders after it.
func TestThePayloadHashStaysWhatItIs(t *testing.T) {
	n, err := Decode([]byte(`{"externalID":"A-1","retailer":"amazon","items":[{"productID":"B000000001","quantity":2,"unitPriceCents":999,
		"variants":[{"dimension":"color","value":"red"}],"title":"Mug","category":"kitchen"}],
		"shippingAddress":{"firstName":"Ada","lastName":"Doe","line1":"1 Main St","line2":"Flat 2","city":"Austin","state":"TX","postalCode":"78701","country":"US","phone":"+15125550100","email":"a@b.example"},
		"recipientOfGift":true,"gift":{"message":"Hi"},"customer":{"id":"c-1","email":"c@b.example"},"total":{"currency":"USD","amountCents":2599},
		"payment":{"provider":"stripe","reference":"pi_1","amountCents":2599},"shipping":{"method":"cheapest"},"notBefore":"2027-01-01T00:00:00Z","maxPriceCents":3000}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = "924642168741047b3145fa75b3415ddf5935e45ae3bfdff6af94caefc7a27983"
	if got, err := PayloadHash(n.Spec()); err != nil || got != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
}
