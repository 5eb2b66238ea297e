package telemetry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// maskedBytes of a hash are kept: enough to tell clients apart in a log, too
// few to be worth a search.
const maskedBytes = 8

// Masker replaces personal data by keyed hashes, so that log lines of one
// client can be tied together without saying who it is. A plain hash would not
// do: all IPv4 addresses can be tried in seconds.
type Masker struct{ key []byte }

// NewMasker hashes with key, which should be random and is kept by nobody.
func NewMasker(key []byte) Masker { return Masker{key: key} }

// Hash masks any value. An empty one stays empty.
func (m Masker) Hash(value string) string {
	if value == "" {
		return ""
	}
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil)[:maskedBytes])
}

var (
	opaque = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
	// secretLike are the ways in which secrets of webhooks, payment providers, shops,
	// code hosts and clouds begin, and tokens of JWT.
	secretLike = regexp.MustCompile(`(?i)^(sk|rk|shpat|shpss|shpca|ghp|gho|ghs|github_pat)_|^(sk|glpat|xox[a-z])-|^(bearer|basic)|whs(ec|k)_|^(?-i:eyJ|A(KIA|SIA)[A-Z0-9]{12})`)
)

// OpaqueID tells whether an ID that someone else made up may be logged: letters, digits,
// dots, dashes and underscores, that are neither a telephone number nor begin as secrets
// do. It knows nothing of card numbers.
func OpaqueID(id string) bool {
	return opaque.MatchString(id) && !secretLike.MatchString(id) && !phoneLike(id)
}

// phoneLike tells whether nothing but seven to seventeen digits is there, as a telephone
// number has with the prefixes to dial.
func phoneLike(id string) bool {
	digits := strings.NewReplacer(".", "", "-", "", "_", "").Replace(id)
	return len(digits) >= 7 && len(digits) <= 17 && strings.Trim(digits, "0123456789") == ""
}
