package verify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

// V2Signature is the header in which version 2 of the provider's API signs its
// callbacks.
const V2Signature = "X-Webhook-Signature"

// minV2SecretBytes is the shortest secret that verifies. The provider makes the
// secrets; this keeps out what was cut off or left as a placeholder.
const minV2SecretBytes = 16

// V2 verifies a callback of version 2 of the provider's API: the header holds the
// hex HMAC-SHA256 of the raw body under the account's secret. The time is not
// signed, so whoever has seen a callback can repeat it: it must stay a hint.
//
// Without a usable secret the work is the same, under a key of nobody's, so that
// the time of an answer does not tell which accounts there are.
func V2(r Request, secrets []Secret) (Result, error) {
	header, given := one(r.Header, V2Signature)
	got, decoded := fromHex(header, sha256.Size)
	c := claim{readable: given && decoded}
	usable := usableV2(secrets)
	by := match(usable, func(value []byte) bool {
		mac := hmac.New(sha256.New, value)
		mac.Write(r.Body)
		return hmac.Equal(mac.Sum(nil), got)
	})
	if by != nil && by.Index < 0 {
		by = nil
	}
	return c.settle(r, by)
}

// usableV2 drops what is too short to verify anything, and is never empty: the
// secret of index -1 verifies nothing.
func usableV2(secrets []Secret) []Secret {
	var out []Secret
	for _, s := range secrets {
		if len(s.Value) >= minV2SecretBytes {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return []Secret{{Index: -1, Value: make([]byte, minV2SecretBytes)}}
	}
	return out
}

// V2Secrets reads the secrets of a Secret's value: one, or several on lines of
// their own while one replaces another. Each is used as the provider gives it,
// its prefix included; white space around it, as left by an editor, is dropped.
// They are named by their lines, line-1 being the first that is not empty.
func V2Secrets(value []byte) []Secret {
	var out []Secret
	for line := range bytes.Lines(value) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(out, Secret{Index: len(out), Name: fmt.Sprintf("line-%d", len(out)+1), Value: line})
		}
	}
	return out
}
