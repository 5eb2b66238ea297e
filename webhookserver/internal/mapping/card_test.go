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
