package callback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// MinKeyBytes is the shortest signing key accepted: the output size of SHA-256,
// below which a key is the weakest part.
const MinKeyBytes = 32

// MaxKeyIDBytes is the longest key ID: a Secret's key fits.
const MaxKeyIDBytes = 253

// version leads every token, so that another construction can follow without
// either being taken for the other.
const version = 1

// purpose separates these tokens from anything else signed with the same key.
const purpose = "zma-callback"

var (
	// ErrInvalid means that no key made this token for these claims.
	ErrInvalid = errors.New("callback token is not valid")
	// ErrExpired means that the token is genuine and too old.
	ErrExpired = errors.New("callback token has expired")
	// ErrKey means that a key, its ID or the claims can't make a token.
	ErrKey = errors.New("callback token can't be made")
)

// encoding refuses stray trailing bits: one token has one spelling, so that its
// hash identifies it.
var encoding = base64.RawURLEncoding.Strict()

// Mint makes the token for c. The same arguments give the same token, so that a
// repeated submission sends the same payload. Errors wrap ErrKey.
func Mint(keyID string, key []byte, c Claims) (string, error) {
	if err := checkMint(keyID, key, c); err != nil {
		return "", err
	}
	expires := c.Expires.Unix()
	head := append([]byte{version}, binary.BigEndian.AppendUint64(nil, uint64(expires))...)
	head = append(head, byte(len(keyID)))
	head = append(head, keyID...)
	return encoding.EncodeToString(append(head, sign(keyID, key, c, expires)...)), nil
}

// Verify checks a token against what the request claims to be; want.Expires is
// ignored, for the token carries it under its signature. It returns ErrInvalid,
// or ErrExpired from the second of expiry on. Keys shorter than MinKeyBytes
// never verify anything.
func Verify(keys map[string][]byte, token string, want Claims, now time.Time) (time.Time, error) {
	keyID, expires, mac, err := parse(token)
	if err != nil {
		return time.Time{}, err
	}
	key, ok := keys[keyID]
	if !ok || len(key) < MinKeyBytes || !knownEvent(want.Event) {
		return time.Time{}, ErrInvalid
	}
	if !hmac.Equal(mac, sign(keyID, key, want, expires)) {
		return time.Time{}, ErrInvalid
	}
	at := time.Unix(expires, 0)
	if !now.Before(at) {
		return at, ErrExpired
	}
	return at, nil
}

// TokenHash is what is stored of a token, never the token itself.
func TokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func checkMint(keyID string, key []byte, c Claims) error {
	switch {
	case keyID == "" || len(keyID) > MaxKeyIDBytes:
		return fmt.Errorf("%w: key ID must have 1 to %d bytes", ErrKey, MaxKeyIDBytes)
	case len(key) < MinKeyBytes:
		return fmt.Errorf("%w: key %s is shorter than %d bytes", ErrKey, keyID, MinKeyBytes)
	case !knownEvent(c.Event):
		return fmt.Errorf("%w: event %q is unknown", ErrKey, c.Event)
	case c.Namespace == "" || c.Account == "" || c.Order == "" || c.Attempt < 1:
		return fmt.Errorf("%w: namespace, account, order and attempt are needed", ErrKey)
	case c.Expires.Unix() <= 0:
		return fmt.Errorf("%w: expiry is needed", ErrKey)
	}
	return nil
}

func sign(keyID string, key []byte, c Claims, expires int64) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(v1alpha1.LengthPrefixed(
		purpose, strconv.Itoa(version), keyID,
		c.Namespace, c.Account, c.Order,
		strconv.FormatInt(c.Attempt, 10), c.Event,
		strconv.FormatInt(expires, 10),
	))
	return mac.Sum(nil)
}

// parse splits a token: version, expiry, length of the key ID, key ID, MAC.
func parse(token string) (keyID string, expires int64, mac []byte, err error) {
	const fixed = 1 + 8 + 1
	// The decoder skips line breaks, which would give a token a second spelling.
	if len(token) > encoding.EncodedLen(fixed+MaxKeyIDBytes+sha256.Size) || strings.ContainsAny(token, "\r\n") {
		return "", 0, nil, ErrInvalid
	}
	raw, err := encoding.DecodeString(token)
	if err != nil || len(raw) < fixed || raw[0] != version {
		return "", 0, nil, ErrInvalid
	}
	n := int(raw[fixed-1])
	if len(raw) != fixed+n+sha256.Size {
		return "", 0, nil, ErrInvalid
	}
	expires = int64(binary.BigEndian.Uint64(raw[1:9]))
	return string(raw[fixed : fixed+n]), expires, raw[fixed+n:], nil
}
