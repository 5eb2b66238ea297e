package telemetry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
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

// MaskAddr keeps the network of an address: /24 of IPv4, /48 of IPv6.
func MaskAddr(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil || !p.IsValid() {
		return ""
	}
	return p.String()
}

// MaskEmail keeps the first letter and the domain: "j***@example.com". What is
// no mail address becomes "***".
func MaskEmail(mail string) string {
	at := strings.LastIndexByte(mail, '@')
	if at < 1 {
		return "***"
	}
	first := []rune(mail[:at])[0]
	return string(first) + "***" + mail[at:]
}
