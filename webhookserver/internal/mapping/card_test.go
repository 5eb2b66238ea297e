package mapping

import (
	"errors"
	"testing"
)

func TestHasCardNumber(t *testing.T) {
	cases := []struct {
		reason, in string
		want       bool
	}{
		{"Visa", "4111111111111111", true},
		{"Visa of 13 digits", "4222222222222", true},
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
		{"one digit off", "4111111111111112", false},
		{"a phone number", "+1 512 555 0100", false},
		{"milliseconds since 1970 that pass the check", "1700000000009", false},
		{"an order number that passes the check", "9999999999999995", false},
		{"a long number that contains a card number", "00004111111111111111000", false},
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
		"in a body that is no order":    `["4111111111111111"]`,
		"in a body that is just a text": `"4111111111111111"`,
	} {
		t.Run(reason, func(t *testing.T) {
			if _, err := Decode([]byte(body)); !errors.Is(err, ErrCardData) {
				t.Errorf("error %v, want ErrCardData", err)
			}
		})
	}
}
