package address

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func portland(change func(*v1alpha1.Address)) v1alpha1.Address {
	a := v1alpha1.Address{
		FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland",
		State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567",
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestNormalise(t *testing.T) {
	for name, c := range map[string]struct{ in, want func(*v1alpha1.Address) }{
		"a normal address stays":              {nil, nil},
		"spaces are single":                   {func(a *v1alpha1.Address) { a.Line1 = " 1120  SW\tFifth Avenue " }, nil},
		"a state's name becomes its letters":  {func(a *v1alpha1.Address) { a.State = "oregon" }, nil},
		"a state in small letters":            {func(a *v1alpha1.Address) { a.State = "or" }, nil},
		"a country in small letters":          {func(a *v1alpha1.Address) { a.Country = "us" }, nil},
		"a ZIP+4 gets its dash":               {func(a *v1alpha1.Address) { a.PostalCode = "972041234" }, func(a *v1alpha1.Address) { a.PostalCode = "97204-1234" }},
		"a phone number becomes E.164":        {func(a *v1alpha1.Address) { a.Phone = "(503) 223-4567" }, nil},
		"an unreadable phone stays":           {func(a *v1alpha1.Address) { a.Phone = "call me" }, func(a *v1alpha1.Address) { a.Phone = "call me" }},
		"a Canadian code gets its space":      {func(a *v1alpha1.Address) { a.Country, a.State, a.PostalCode = "CA", "Ontario", "k1a0b1" }, func(a *v1alpha1.Address) { a.Country, a.State, a.PostalCode = "CA", "ON", "K1A 0B1" }},
		"a British code gets its space":       {func(a *v1alpha1.Address) { a.Country, a.PostalCode = "GB", "sw1a1aa" }, func(a *v1alpha1.Address) { a.Country, a.PostalCode = "GB", "SW1A 1AA" }},
		"a code that is none is not cut":      {func(a *v1alpha1.Address) { a.Country, a.PostalCode = "GB", "12\u00e945" }, func(a *v1alpha1.Address) { a.Country, a.PostalCode = "GB", "12\u00c945" }},
		"composed characters":                 {func(a *v1alpha1.Address) { a.LastName = "Mu\u0308ller" }, func(a *v1alpha1.Address) { a.LastName = "M\u00fcller" }},
		"a state that does not exist stays":   {func(a *v1alpha1.Address) { a.State = "Cascadia" }, func(a *v1alpha1.Address) { a.State = "Cascadia" }},
		"a region of other countries is kept": {func(a *v1alpha1.Address) { a.Country, a.State = "DE", "Bayern" }, func(a *v1alpha1.Address) { a.Country, a.State = "DE", "Bayern" }},
	} {
		t.Run(name, func(t *testing.T) {
			got := Normalise(portland(c.in))
			if diff := cmp.Diff(portland(c.want), got); diff != "" {
				t.Errorf("Normalise (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, Normalise(got)); diff != "" {
				t.Errorf("a second time changes it:\n%s", diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	all := Rules{AllowPOBoxes: true, RequirePhone: true}
	for name, c := range map[string]struct {
		change func(*v1alpha1.Address)
		rules  Rules
		want   []string // fields
	}{
		"a good address passes":       {nil, all, nil},
		"a state that does not exist": {func(a *v1alpha1.Address) { a.State = "ZZ" }, all, []string{"state"}},
		"a missing state":             {func(a *v1alpha1.Address) { a.State = "" }, all, []string{"state"}},
		"no state is needed elsewhere": {func(a *v1alpha1.Address) {
			a.Country, a.State, a.PostalCode, a.Phone = "DE", "", "10115", "+493012345678"
		}, all, nil},
		"a postal code of four digits":       {func(a *v1alpha1.Address) { a.PostalCode = "9720" }, all, []string{"postalCode"}},
		"a placeholder for a name":           {func(a *v1alpha1.Address) { a.FirstName = "Test" }, all, []string{"firstName"}},
		"an address label for a name":        {func(a *v1alpha1.Address) { a.FirstName = "Home" }, all, []string{"firstName"}},
		"a placeholder in two words":         {func(a *v1alpha1.Address) { a.FirstName = "Test User" }, all, []string{"firstName"}},
		"a placeholder in two fields":        {func(a *v1alpha1.Address) { a.FirstName, a.LastName = "Gift", "Recipient" }, all, []string{"lastName"}},
		"first and last together":            {func(a *v1alpha1.Address) { a.FirstName, a.LastName = "Guest", "User" }, all, []string{"lastName"}},
		"a program's word for nothing":       {func(a *v1alpha1.Address) { a.LastName = "[object Object]" }, all, []string{"lastName"}},
		"Guest is a family":                  {func(a *v1alpha1.Address) { a.FirstName, a.LastName = "Judith", "Guest" }, all, nil},
		"Null is a family":                   {func(a *v1alpha1.Address) { a.FirstName, a.LastName = "Ada", "Null" }, all, nil},
		"a number of films":                  {func(a *v1alpha1.Address) { a.Phone = "+1 212 555 0100" }, all, []string{"phone"}},
		"directory assistance":               {func(a *v1alpha1.Address) { a.Phone = "800 555 1212" }, all, []string{"phone"}},
		"555 with a number of its own":       {func(a *v1alpha1.Address) { a.Phone = "+1 212 555 2368" }, all, nil},
		"a placeholder for a phone":          {func(a *v1alpha1.Address) { a.Phone = "555-555-5555" }, all, []string{"phone"}},
		"a phone of zeros":                   {func(a *v1alpha1.Address) { a.Phone = "0000000000" }, all, []string{"phone"}},
		"a phone that is none":               {func(a *v1alpha1.Address) { a.Phone = "call me" }, all, []string{"phone"}},
		"a phone that nobody asks for":       {func(a *v1alpha1.Address) { a.Phone = "call me" }, Rules{AllowPOBoxes: true}, nil},
		"a PO box where they are allowed":    {func(a *v1alpha1.Address) { a.Line1 = "PO Box 12" }, all, nil},
		"a PO box where they are not":        {func(a *v1alpha1.Address) { a.Line1 = "P.O. Box 12" }, Rules{RequirePhone: true}, []string{"line1"}},
		"a street that only sounds like one": {func(a *v1alpha1.Address) { a.Line1 = "12 Boxwood Post Road" }, Rules{RequirePhone: true}, nil},
		"a country that is not served":       {nil, Rules{Countries: []string{"CA"}, AllowPOBoxes: true, RequirePhone: true}, []string{"country"}},
		"characters that can't be printed":   {func(a *v1alpha1.Address) { a.City = "Port\x07land" }, all, []string{"city"}},
		"a name without a letter":            {func(a *v1alpha1.Address) { a.FirstName = "..." }, all, []string{"firstName"}},
		"people called Null":                 {func(a *v1alpha1.Address) { a.LastName = "Null" }, all, nil},
		"letters that turn the line around":  {func(a *v1alpha1.Address) { a.City = "Port\u202eland" }, all, []string{"city"}},
		"a number that no exchange has":      {func(a *v1alpha1.Address) { a.Phone = "+11234567890" }, all, []string{"phone"}},
		"zeros, even where nobody asks":      {func(a *v1alpha1.Address) { a.Phone = "0000000000" }, Rules{AllowPOBoxes: true}, []string{"phone"}},
		"a POB where they are not allowed":   {func(a *v1alpha1.Address) { a.Line1 = "POB 12" }, Rules{RequirePhone: true}, []string{"line1"}},
		"several faults are found at once":   {func(a *v1alpha1.Address) { a.State, a.PostalCode = "ZZ", "x" }, all, []string{"state", "postalCode"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := portland(c.change)
			var got []string
			for _, f := range Check(a, c.rules) {
				got = append(got, f.Field)
				for _, v := range []string{a.Phone, a.PostalCode, a.FirstName} {
					if len(v) > 3 && strings.Contains(f.Message, v) {
						t.Errorf("the message tells the value: %q", f.Message)
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingBlankPasses: what a parcel can't do without is there to be read, in
// every country and whatever the policy asks for.
func TestNothingBlankPasses(t *testing.T) {
	parts := map[string]func(*v1alpha1.Address) *string{
		"firstName":  func(a *v1alpha1.Address) *string { return &a.FirstName },
		"lastName":   func(a *v1alpha1.Address) *string { return &a.LastName },
		"line1":      func(a *v1alpha1.Address) *string { return &a.Line1 },
		"city":       func(a *v1alpha1.Address) *string { return &a.City },
		"postalCode": func(a *v1alpha1.Address) *string { return &a.PostalCode },
		"phone":      func(a *v1alpha1.Address) *string { return &a.Phone },
	}
	for field, part := range parts {
		for _, blank := range []string{"", " ", "\t\n", "\u00a0", "\u200b", "\u3164", "\u2800", ".", "-", "?!", "\ufe0f"} {
			for _, country := range []string{"US", "NL", "GB", "JP"} {
				a := portland(func(a *v1alpha1.Address) { a.Country = country })
				*part(&a) = blank
				for _, r := range []Rules{{}, {AllowPOBoxes: true, RequirePhone: true}} {
					found := map[string]int{}
					for _, f := range Check(Normalise(a), r) {
						found[f.Field]++
					}
					if found[field] != 1 {
						t.Errorf("%s, %s is %q: found %d times", country, field, blank, found[field])
					}
				}
			}
		}
	}
}

// TestACountryWithoutPostalCodes: a sender has to write something there.
func TestACountryWithoutPostalCodes(t *testing.T) {
	for code, want := range map[string]bool{"-": true, "N/A": true, "00000": true, "": false, " ": false, "\u200b": false, "\u2800": false, "\u3164": false} {
		a := portland(func(a *v1alpha1.Address) { a.Country, a.State, a.PostalCode, a.Phone = "HK", "", code, "+85223456789" })
		if got := Check(Normalise(a), Rules{RequirePhone: true}); (len(got) == 0) != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}

func TestFingerprintIgnoresSpelling(t *testing.T) {
	same := portland(func(a *v1alpha1.Address) { a.Line1, a.City, a.State = "1120  sw fifth AVENUE", "PORTLAND", "Oregon" })
	if Fingerprint(same) != Fingerprint(portland(nil)) {
		t.Error("two spellings of one address differ")
	}
	other := portland(func(a *v1alpha1.Address) { a.Line1 = "1121 SW Fifth Avenue" })
	if Fingerprint(other) == Fingerprint(portland(nil)) {
		t.Error("two addresses share a fingerprint")
	}
}

func FuzzNormalise(f *testing.F) {
	f.Add("12 Main St", "97204", "5032234567", "OR", "US")
	f.Add("Flat 3\u00a0b", "sw1a1aa", "+44 20 7946 0958", "", "GB")
	f.Fuzz(func(t *testing.T, line1, code, phone, state, country string) {
		a := v1alpha1.Address{Line1: line1, PostalCode: code, Phone: phone, State: state, Country: country}
		once := Normalise(a)
		if twice := Normalise(once); once != twice {
			t.Errorf("a second time changes %+v to %+v", once, twice)
		}
		if onlyDigits(once.Line1) != onlyDigits(line1) || onlyDigits(once.PostalCode) != onlyDigits(code) {
			t.Errorf("digits are lost: %q became %q, %q became %q", line1, once.Line1, code, once.PostalCode)
		}
	})
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}
