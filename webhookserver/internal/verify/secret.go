package verify

import (
	"bytes"
	"fmt"
	"strings"
)

// minTextBytes is the shortest secret of a scheme that uses it as text. Senders
// make these secrets, most of them 32 characters and more; this keeps out what is
// empty, cut off or a placeholder.
const minTextBytes = 16

// Prefixes of the Standard Webhooks specification. Stripe's secrets begin with
// the first one, too.
const (
	symmetricPrefix  = "whsec_"
	publicKeyPrefix  = "whpk_"
	privateKeyPrefix = "whsk_"
)

// textSecret is a secret used as text, white space around it dropped, as an
// editor leaves it. A key of a pair is refused: the public one is known to
// others, who could sign with it as if it were a secret.
func textSecret(secret []byte, shortest int) ([]byte, error) {
	text := bytes.TrimSpace(secret)
	switch {
	case isKeyOfPair(string(text)):
		return nil, fmt.Errorf("%w: a key of an asymmetric pair", ErrSecretUnusable)
	case len(text) < shortest:
		return nil, fmt.Errorf("%w: shorter than %d characters", ErrSecretUnusable, shortest)
	}
	return text, nil
}

func isKeyOfPair(text string) bool {
	return strings.HasPrefix(text, publicKeyPrefix) || strings.HasPrefix(text, privateKeyPrefix)
}

// visible tells whether every character can stand in a header, none of them
// being white space.
func visible[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] < '!' || text[i] > '~' {
			return false
		}
	}
	return true
}
