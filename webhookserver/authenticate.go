package webhookserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// defaultTolerance between a signature's time and now.
const defaultTolerance = 5 * time.Minute

// authenticate verifies the raw body with any of the source's secrets.
func (s *Server) authenticate(x *exchange, src *v1alpha1.WebhookSource, body []byte) (verify.Result, error) {
	usable, trouble := s.usableSecrets(x.r.Context(), src)
	if len(usable) == 0 && !isUnread(trouble) {
		return verify.Result{}, sourceNotReady(trouble)
	}
	proof, err := verify.For(src.Spec.Auth)(verify.Request{
		Header: x.r.Header, Body: body, Now: x.started, Tolerance: tolerance(src),
	}, usable)
	switch {
	case err == nil:
		x.webhookID = recordable(proof.MessageID)
		s.o.Metrics.SecretMatches.WithLabelValues(src.Namespace+"/"+src.Name, proof.Secret).Inc()
		return proof, nil
	case isUnread(trouble) && errors.Is(err, verify.ErrMismatch):
		// A secret that could not be read now may be the one that matches: the
		// sender must not be told that it is wrong.
		return verify.Result{}, unavailable(briefPause, trouble)
	}
	p := unauthenticated(challenge(src.Spec.Auth.Scheme))
	p.event = unauthenticatedEvent(err)
	return verify.Result{}, p
}

// withheld stands for a message ID that is not recorded.
const withheld = "withheld"

// recordable is what logs and rows may hold of a message ID. The sender chose it, and may
// have chosen a mail address. Such a webhook is taken, and its ID kept nowhere.
func recordable(messageID string) string {
	if messageID != "" && !recordableID(messageID) {
		return withheld
	}
	return messageID
}

// recordableID tells whether an ID from outside may be recorded as sent. Random ones look
// like card numbers now and then.
func recordableID(id string) bool {
	return telemetry.OpaqueID(id) && !mapping.HasCardNumber(strings.NewReplacer(".", "-", "_", "-").Replace(id))
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
			err = source.CheckSecret(src.Spec.Auth, value)
		}
		if err != nil {
			trouble = append(trouble, fmt.Errorf("auth.secretRefs[%d]: %w", i, err))
			continue
		}
		usable = append(usable, verify.Secret{Index: i, Name: ref.Name + "/" + ref.Key, Value: value})
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

// challenge of a scheme, for WWW-Authenticate. Only Bearer is registered; the
// others name what is expected.
func challenge(scheme v1alpha1.AuthScheme) string {
	switch scheme {
	case v1alpha1.AuthBearer:
		return "Bearer"
	case v1alpha1.AuthStripe:
		return "Stripe"
	case v1alpha1.AuthHMAC:
		return "HMAC"
	}
	return "StandardWebhooks"
}

func tolerance(src *v1alpha1.WebhookSource) time.Duration {
	if src.Spec.Auth.Tolerance == nil {
		return defaultTolerance
	}
	return src.Spec.Auth.Tolerance.Duration
}
