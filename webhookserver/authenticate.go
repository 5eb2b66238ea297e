package webhookserver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// defaultTolerance between a signature's time and now.
const defaultTolerance = 5 * time.Minute

// authenticate verifies the raw body with any of the source's secrets.
func (s *Server) authenticate(x *exchange, src *v1alpha1.WebhookSource, body []byte) error {
	usable, trouble := s.usableSecrets(x.r.Context(), src)
	if len(usable) == 0 && !isUnread(trouble) {
		return sourceNotReady(trouble)
	}
	result, err := verifier(src.Spec.Auth.Scheme)(verify.Request{
		Header: x.r.Header, Body: body, Now: x.started, Tolerance: tolerance(src),
	}, usable)
	switch {
	case err == nil:
		x.webhookID = result.MessageID
		s.o.Metrics.SecretMatches.WithLabelValues(src.Namespace+"/"+src.Name, strconv.Itoa(result.Index)).Inc()
		return nil
	case isUnread(trouble):
		// A secret that could not be read now may be the one that matches: the
		// sender must not be told that it is wrong.
		return unavailable(briefPause, trouble)
	}
	return unauthenticated(challenge(src.Spec.Auth.Scheme))
}

// usableSecrets reads the source's secrets. What is wrong with the others is
// returned beside them; one of them being away must not stop a rotation.
func (s *Server) usableSecrets(ctx context.Context, src *v1alpha1.WebhookSource) ([]verify.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CreateTimeout)
	defer cancel()
	var usable []verify.Secret
	var trouble []error
	for i, ref := range src.Spec.Auth.SecretRefs {
		value, err := s.o.Secrets.Key(ctx, src.Namespace, ref.Name, ref.Key)
		if err == nil {
			err = source.CheckSecret(src.Spec.Auth.Scheme, value)
		}
		if err != nil {
			trouble = append(trouble, fmt.Errorf("auth.secretRefs[%d]: %w", i, err))
			continue
		}
		usable = append(usable, verify.Secret{Index: i, Value: value})
	}
	return usable, errors.Join(trouble...)
}

// isUnread tells a secret that could not be read from one that is not there or
// no good. Errors are joined: one unread among them is enough.
func isUnread(trouble error) bool {
	joined, ok := trouble.(interface{ Unwrap() []error })
	if !ok {
		return false
	}
	for _, err := range joined.Unwrap() {
		if !errors.Is(err, secrets.ErrNotFound) && !errors.Is(err, verify.ErrSecretUnusable) {
			return true
		}
	}
	return false
}

type verifyFunc func(verify.Request, []verify.Secret) (verify.Result, error)

// verifier of a scheme. One that is not known verifies nothing.
func verifier(scheme v1alpha1.AuthScheme) verifyFunc {
	switch scheme {
	case v1alpha1.AuthStandardWebhooks:
		return verify.StandardWebhooks
	case v1alpha1.AuthBearer:
		return verify.Bearer
	}
	return func(verify.Request, []verify.Secret) (verify.Result, error) {
		return verify.Result{}, verify.ErrUnauthenticated
	}
}

func challenge(scheme v1alpha1.AuthScheme) string {
	if scheme == v1alpha1.AuthBearer {
		return "Bearer"
	}
	return "StandardWebhooks"
}

func tolerance(src *v1alpha1.WebhookSource) time.Duration {
	if src.Spec.Auth.Tolerance == nil {
		return defaultTolerance
	}
	return src.Spec.Auth.Tolerance.Duration
}
