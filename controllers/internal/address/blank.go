package address

import (
	"slices"
	"strings"
	"unicode"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// blanks finds the parts that no parcel can do without and that hold nothing to
// read. A rule of the resource refuses most of them; orders may be older than it.
func blanks(a v1alpha1.Address) []Finding {
	var out []Finding
	for _, f := range []struct {
		field string
		there bool
	}{
		{"firstName", written(a.FirstName)}, {"lastName", written(a.LastName)}, {"line1", written(a.Line1)},
		{"city", written(a.City)}, {"postalCode", codeThere(a)}, {"phone", written(a.Phone)},
	} {
		if !f.there {
			out = append(out, Finding{f.field, "blank", "is blank"})
		}
	}
	return out
}

// codeThere lets a dash stand for the postal code where there are none.
func codeThere(a v1alpha1.Address) bool {
	if slices.Contains(withoutPostalCodes(), a.Country) {
		return strings.ContainsFunc(a.PostalCode, seen)
	}
	return written(a.PostalCode)
}

// written tells whether s has a letter or a digit.
func written(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return seen(r) && (unicode.IsLetter(r) || unicode.IsNumber(r)) })
}

// seen tells whether r leaves a mark on paper. Some letters, the fillers of Hangul, and
// a symbol, Braille without a dot, do not.
func seen(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && r != brailleBlank &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// withoutPostalCodes are the countries whose addresses have none. Source: the
// Universal Postal Union's addressing sheets.
func withoutPostalCodes() []string {
	return []string{
		"AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM", "CW", "DJ", "DM",
		"ER", "FJ", "GA", "GD", "GH", "GM", "GQ", "GY", "HK", "JM", "KI", "KM", "KN", "KP", "ML", "MO", "MR", "NR", "NU", "QA",
		"RW", "SB", "SC", "SL", "SR", "ST", "SX", "SY", "TD", "TG", "TK", "TL", "TO", "TV", "UG", "VU", "YE", "ZW",
	}
}
