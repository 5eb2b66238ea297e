package verify

import (
	"fmt"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Func verifies a request with any of the secrets.
type Func func(Request, []Secret) (Result, error)

// scheme is how one kind of sender is verified, and what its secrets must be.
type scheme struct {
	verify Func
	check  func(secret []byte) error
}

// For returns the verifier of a source's sender. What it does not know verifies
// nothing.
func For(auth v1alpha1.WebhookAuth) Func {
	return schemeOf(auth).verify
}

// CheckSecret tells whether a secret can verify anything. Errors wrap
// ErrSecretUnusable and do not quote the secret.
func CheckSecret(auth v1alpha1.WebhookAuth, value []byte) error {
	return schemeOf(auth).check(value)
}

func schemeOf(auth v1alpha1.WebhookAuth) scheme {
	switch auth.Scheme {
	case v1alpha1.AuthStandardWebhooks:
		return scheme{standardWebhooks, checked(standardKeyOf)}
	case v1alpha1.AuthStripe:
		return scheme{stripe, checked(stripeSecret)}
	case v1alpha1.AuthHMAC:
		format, err := hmacFormatOf(auth.HMAC)
		if err != nil {
			return nothing(err)
		}
		return scheme{format.verify, checked(hmacSecret)}
	case v1alpha1.AuthBearer:
		return scheme{bearer, checked(bearerToken)}
	}
	return nothing(fmt.Errorf("scheme %q is unknown", auth.Scheme))
}

// nothing verifies nothing, and says why of every secret.
func nothing(why error) scheme {
	return scheme{
		verify: func(Request, []Secret) (Result, error) { return Result{}, ErrMismatch },
		check:  func([]byte) error { return fmt.Errorf("%w: %w", ErrSecretUnusable, why) },
	}
}

func checked[T any](parse func([]byte) (T, error)) func([]byte) error {
	return func(secret []byte) error {
		_, err := parse(secret)
		return err
	}
}
