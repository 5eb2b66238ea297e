package address

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Fingerprint is equal for two spellings of one address that differ only in case,
// spacing and punctuation. It is a hash, so that it can be stored and compared
// without the address.
func Fingerprint(a v1alpha1.Address) string {
	a = Normalise(a)
	var parts []string
	for _, s := range []string{a.Line1, a.Line2, a.City, a.State, a.PostalCode, a.Country} {
		parts = append(parts, strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s))
	}
	sum := sha256.Sum256(v1alpha1.LengthPrefixed(parts...))
	return hex.EncodeToString(sum[:])
}
