package zma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the provider's texts in characters, as the status of an order has
// them. The API server refuses a whole status for one text too long, and what
// was bought would then never be on record.
const (
	maxMerchantOrder = 64
	maxDate          = 64
	maxCarrier       = 64
	maxNumber        = 128
	maxURL           = 1024
)

// whole gives a text that means something only as a whole: empty when it is too
// long.
func whole(s string, limit int) string {
	if s = printable(s); utf8.RuneCountInString(s) > limit {
		return ""
	}
	return s
}

// cut gives a text that still tells something when its end is missing.
func cut(s string, limit int) string {
	s = printable(s)
	for i := range s {
		if limit--; limit < 0 {
			return s[:i]
		}
	}
	return s
}

// printable leaves out control characters: a database refuses the character zero.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
