package telemetry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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
