package verify

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
)

// minBearerBytes is the shortest token accepted. A bearer token is guessed
// against a live endpoint, with nothing else to know.
const minBearerBytes = 32

// bearer compares the Authorization header's bearer token with the secrets.
// Digests are compared, so that not even a length can be learned from the time
// it takes.
func bearer(r Request, secrets []Secret) (Result, error) {
	header, given := one(r.Header, "Authorization")
	scheme, token, found := strings.Cut(header, " ")
	c := claim{readable: given && found && token != "" && strings.EqualFold(scheme, "Bearer")}
	got := sha256.Sum256([]byte(token))
	return c.settle(r, match(secrets, func(value []byte) bool {
		secret, err := bearerToken(value)
		want := sha256.Sum256(secret)
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && err == nil
	}))
}

// bearerToken checks a secret of the scheme bearer: at least 32 visible
// characters, white space around them dropped. Errors wrap ErrSecretUnusable
// and do not quote the secret.
func bearerToken(secret []byte) ([]byte, error) {
	token, err := textSecret(secret, minBearerBytes)
	if err != nil {
		return nil, err
	}
	if !visible(token) {
		return nil, fmt.Errorf("%w: has characters that no header can carry", ErrSecretUnusable)
	}
	return token, nil
}
