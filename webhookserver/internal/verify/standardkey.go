package verify

import (
	"crypto/ed25519"
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// minSigningKeyBytes is the shortest symmetric key that the specification allows.
const minSigningKeyBytes = 24

// standardKey proves a message. The two kinds are types of their own and see the
// signatures of their own version alone, so that a public key is never used as
// the key of an HMAC.
type standardKey interface {
	proves(m *standardMessage) bool
}

// standardKeyOf reads a secret: "whpk_" and base64 is an ed25519 public key,
// "whsec_" or nothing and base64 a symmetric key. Errors wrap ErrSecretUnusable
// and do not quote the secret.
func standardKeyOf(secret []byte) (standardKey, error) {
	text := strings.TrimSpace(string(secret))
	if encoded, isPublic := strings.CutPrefix(text, publicKeyPrefix); isPublic {
		return publicKeyOf(encoded)
	}
	if isKeyOfPair(text) {
		return nil, fmt.Errorf("%w: a private key, which the sender alone should have", ErrSecretUnusable)
	}
	key, err := signingKey(secret)
	return symmetricKey(key), err
}

// signingKey decodes a symmetric Standard Webhooks secret: base64 of at least 24
// bytes, with or without "whsec_". White space around it, as left by an editor,
// is dropped. Errors wrap ErrSecretUnusable and do not quote the secret.
func signingKey(secret []byte) ([]byte, error) {
	text := strings.TrimPrefix(strings.TrimSpace(string(secret)), symmetricPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64", ErrSecretUnusable)
	}
	if len(key) < minSigningKeyBytes {
		return nil, fmt.Errorf("%w: shorter than %d bytes", ErrSecretUnusable, minSigningKeyBytes)
	}
	return key, nil
}

type symmetricKey []byte

// proves has the specification's library compute the signature. The library's own
// verification reads the machine's clock, and takes signatures with something
// behind them.
func (k symmetricKey) proves(m *standardMessage) bool {
	wh, err := standardwebhooks.NewWebhookRaw(k)
	if err != nil {
		return false
	}
	want, err := wh.Sign(m.messageID, m.signedAt, m.body)
	if err != nil {
		return false
	}
	found := false
	for _, got := range m.symmetric {
		entry := "v1," + base64.StdEncoding.EncodeToString(got)
		found = hmac.Equal([]byte(want), []byte(entry)) || found
	}
	return found
}

type publicKey ed25519.PublicKey

func publicKeyOf(encoded string) (standardKey, error) {
	raw, ok := fromBase64(encoded, ed25519.PublicKeySize)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: not base64 of %d bytes", ErrSecretUnusable, ed25519.PublicKeySize)
	case hasSmallOrder(raw):
		return nil, fmt.Errorf("%w: a public key under which anybody can sign", ErrSecretUnusable)
	}
	return publicKey(raw), nil
}

func (k publicKey) proves(m *standardMessage) bool {
	content := m.content()
	if len(m.asymmetric) == 0 {
		// Without a signature the work is the same as with one.
		ed25519.Verify(ed25519.PublicKey(k), content, make([]byte, ed25519.SignatureSize))
		return false
	}
	found := false
	for _, got := range m.asymmetric {
		found = ed25519.Verify(ed25519.PublicKey(k), content, got) || found
	}
	return found
}
