package verify

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"
)

// stripeHeader looks like "t=1495999758,v1=<hex>,v1=<hex>,v0=<hex>".
const stripeHeader = "Stripe-Signature"

// stripe verifies Stripe's own signatures (v1): HMAC-SHA256 over "t.body", under
// the endpoint's secret as text. While a secret is rolled there are several.
// Source: https://docs.stripe.com/webhooks#verify-manually.
//
// Stripe's library computes the signature. Its own validation would take an empty
// secret, the last of two times and "+1" for 1, and reads the machine's clock.
func stripe(r Request, secrets []Secret) (Result, error) {
	c, signatures := readStripe(one(r.Header, stripeHeader))
	return c.settle(r, match(secrets, func(value []byte) bool {
		secret, err := stripeSecret(value)
		want := webhook.ComputeSignature(c.signedAt, r.Body, secret)
		found := false
		for _, got := range signatures {
			found = hmac.Equal(want, got) || found
		}
		return found && err == nil
	}))
}

// readStripe takes the header apart. Other versions and what is no signature are
// passed over, as Stripe asks; a second time is not, because then what is signed
// would depend on who reads.
func readStripe(header string, given bool) (claim, [][]byte) {
	var c claim
	var signatures [][]byte
	times := 0
	ok := given && visible(header)
	for pair := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(pair, "=")
		ok = ok && found && !strings.Contains(value, "=")
		switch name {
		case "t":
			var timed bool
			c.signedAt, timed = moment(value, time.Second)
			ok = ok && timed
			times++
		case "v1":
			if raw, isHex := fromHex(value, sha256.Size); isHex {
				signatures = append(signatures, raw)
			}
		}
	}
	c.readable = ok && times == 1 && len(signatures) > 0
	return c, signatures
}

// stripeSecret checks the signing secret of a Stripe endpoint. It begins with
// "whsec_", which Stripe's API keys do not, and is used whole.
func stripeSecret(secret []byte) (string, error) {
	text, err := textSecret(secret, len(symmetricPrefix)+minTextBytes)
	switch {
	case err != nil:
		return "", err
	case !strings.HasPrefix(string(text), symmetricPrefix):
		return "", fmt.Errorf("%w: does not begin with %s", ErrSecretUnusable, symmetricPrefix)
	case !visible(text):
		return "", fmt.Errorf("%w: has white space or control characters", ErrSecretUnusable)
	}
	return string(text), nil
}
