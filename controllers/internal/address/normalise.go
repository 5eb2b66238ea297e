package address

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Normalise brings an address into its country's usual form: composed characters,
// single spaces, codes in capitals, postal codes and phone numbers as written in
// the country. What it does not understand it leaves as it is. It never drops a
// digit, and a second time changes nothing.
func Normalise(a v1alpha1.Address) v1alpha1.Address {
	for _, field := range []*string{&a.FirstName, &a.LastName, &a.Line1, &a.Line2, &a.City, &a.State, &a.PostalCode, &a.Phone, &a.Email} {
		*field = tidy(*field)
	}
	a.Country = strings.ToUpper(a.Country)
	a.State = state(a.Country, a.State)
	a.PostalCode = postalCode(a.Country, a.PostalCode)
	a.Phone = phone(a.Country, a.Phone)
	return a
}

// tidy composes characters and reduces all white space to single spaces.
func tidy(s string) string {
	return strings.Join(strings.FieldsFunc(norm.NFC.String(s), unicode.IsSpace), " ")
}

// state gives the two letters of a US state or a Canadian province.
func state(country, s string) string {
	names := regions(country)
	if names == nil {
		return s
	}
	upper := strings.ToUpper(strings.ReplaceAll(s, ".", ""))
	if _, ok := names[upper]; ok {
		return upper
	}
	for code, name := range names {
		if strings.EqualFold(name, s) {
			return code
		}
	}
	return s
}

// postalCode gives the country's spelling where it is known.
func postalCode(country, s string) string {
	upper := strings.ToUpper(s)
	if !ascii(upper) {
		return upper // no code of these countries; cutting it would split characters
	}
	compact := strings.NewReplacer(" ", "", "-", "").Replace(upper)
	switch country {
	case "US":
		if len(compact) == 9 && digits(compact) {
			return compact[:5] + "-" + compact[5:]
		}
		if digits(compact) {
			return compact
		}
	case "CA":
		if len(compact) == 6 {
			return compact[:3] + " " + compact[3:]
		}
	case "GB":
		if len(compact) >= 5 && len(compact) <= 7 {
			return compact[:len(compact)-3] + " " + compact[len(compact)-3:]
		}
	}
	return upper
}

// phone gives the international form without separators, of numbers that are in
// use: of others it is not known where the parts end. Those stay as they are, for
// Check to find.
func phone(country, s string) string {
	parsed, err := phonenumbers.Parse(s, country)
	if err != nil || parsed.GetExtension() != "" || !phonenumbers.IsValidNumber(parsed) {
		return s
	}
	return phonenumbers.Format(parsed, phonenumbers.E164)
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
