package verify

import (
	"encoding/base64"
	"encoding/hex"
)

// fromHex decodes size bytes of hex in either case.
func fromHex(text string, size int) ([]byte, bool) {
	raw, err := hex.DecodeString(text)
	return raw, err == nil && len(raw) == size
}

// fromBase64 decodes size bytes of padded base64. Every value has one spelling:
// the decoder alone would pass over line breaks and spare bits.
func fromBase64(text string, size int) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	return raw, err == nil && len(raw) == size && base64.StdEncoding.EncodeToString(raw) == text
}
