package mapping

import (
	"strings"
	"unicode"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// missingParts lists the parts of an address that no parcel can do without, and that
// are not there or hold nothing to read.
func missingParts(a *v1alpha1.Address) []FieldError {
	var out []FieldError
	for _, part := range []struct {
		name, value string
		there       func(string) bool
		rule        string
	}{
		{"firstName", a.FirstName, written, ruleWritten}, {"lastName", a.LastName, written, ruleWritten},
		{"line1", a.Line1, written, ruleWritten}, {"city", a.City, written, ruleWritten},
		// Where there are no postal codes a dash stands for it.
		{"postalCode", a.PostalCode, visible, ruleVisible}, {"country", a.Country, visible, ruleVisible},
		{"phone", a.Phone, written, ruleWritten},
	} {
		field := "shippingAddress." + part.name
		switch {
		case part.value == "":
			out = append(out, FieldError{Field: field, Detail: "is required"})
		case !part.there(part.value):
			out = append(out, FieldError{Field: field, Detail: part.rule})
		}
	}
	return out
}

// Rules of the resource, in its own words.
const (
	ruleWritten = "must hold a letter or a digit"
	ruleVisible = "must hold a character that can be seen"
)

// written tells whether s has a letter or a digit.
func written(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return seen(r) && (unicode.IsLetter(r) || unicode.IsNumber(r)) })
}

func visible(s string) bool { return strings.ContainsFunc(s, seen) }

// seen tells whether r leaves a mark on paper. Some letters, the fillers of Hangul, and
// a symbol, Braille without a dot, do not.
func seen(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && r != brailleBlank &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
