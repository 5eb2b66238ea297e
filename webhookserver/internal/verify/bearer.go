package verify

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
)

// minBearerBytes is the shortest token accepted. A bearer token is guessed
// against a live endpoint, with nothing else to know.
const minBearerBytes = 32

// Bearer compares the Authorization header's bearer token with the secrets.
// Digests are compared, so that not even a length can be learned from the time
// it takes.
func Bearer(r Request, secrets []Secret) (Result, error) {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return Result{}, ErrUnauthenticated
	}
	got := sha256.Sum256([]byte(token))
	matched := -1
	for _, s := range secrets {
		secret, err := BearerToken(s.Value)
		if err != nil {
			continue
		}
		want := sha256.Sum256(secret)
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 && matched < 0 {
			matched = s.Index
		}
	}
	if matched < 0 {
		return Result{}, ErrUnauthenticated
	}
	return Result{Index: matched}, nil
}

// BearerToken checks a secret of the scheme bearer: at least 32 visible
// characters, white space around them dropped. Errors wrap ErrSecretUnusable
// and do not quote the secret.
func BearerToken(secret []byte) ([]byte, error) {
	token := bytes.TrimSpace(secret)
	if len(token) < minBearerBytes {
		return nil, fmt.Errorf("%w: shorter than %d characters", ErrSecretUnusable, minBearerBytes)
	}
	for _, c := range token {
		if c < '!' || c > '~' {
			return nil, fmt.Errorf("%w: has characters that no header can carry", ErrSecretUnusable)
		}
	}
	return token, nil
}
