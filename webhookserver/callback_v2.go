package webhookserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// callbackV2Prefix of the callbacks of version 2; namespace and account follow.
// The provider knows one URL for each of its accounts.
const callbackV2Prefix = "/callbacks/v2/"

// callbackV2 takes a hint of version 2 of the provider's API. The provider signs
// the body, but not its time, so that a callback can be repeated by whoever has
// seen it: of the body no more is believed than which order there is news of. It
// is answered with 200 whether it comes again or is about an order that nobody
// knows, because the provider repeats until then.
func (s *Server) callbackV2(x *exchange) (*answer, error) {
	var body []byte
	outcome, err := s.verified(x, v2Challenge, func() (err error) {
		body, err = s.checkV2(x)
		return err
	})
	if err == nil {
		outcome = readV2(x, body)
	}
	s.o.Metrics.CallbackHints.WithLabelValues(outcome).Inc()
	if err != nil {
		return nil, err
	}
	if outcome == hintUnreadable {
		return &answer{status: http.StatusOK, outcome: outcome, body: struct{}{}}, nil
	}
	s.o.Hints(x.hint)
	return &answer{status: http.StatusOK, outcome: "hint", body: struct{}{}}, nil
}

// v2Challenge names what a request lacks that was refused.
const v2Challenge = `HMAC-SHA256 realm="callbacks"`

// checkV2 reads the body and verifies its signature. Its error is a problem when
// we could not tell, or could not read it.
func (s *Server) checkV2(x *exchange) ([]byte, error) {
	body, err := s.readBody(x, maxCallbackBytes)
	if err != nil {
		return nil, err
	}
	release, err := s.callbacks.take()
	if err != nil {
		return nil, err
	}
	defer release()
	namespace, account := x.r.PathValue("namespace"), x.r.PathValue("account")
	usable, missing := s.v2Secrets(x.r.Context(), namespace, account)
	if p := (*problem)(nil); errors.As(missing, &p) {
		return nil, p
	}
	// Verified without a secret, too: it takes its time and fails.
	result, err := verify.V2(verify.Request{Header: x.r.Header, Body: body}, usable)
	if err != nil && missing != nil {
		err = fmt.Errorf("%w: %w", err, missing)
	}
	if err != nil {
		return nil, err
	}
	s.o.Metrics.SecretMatches.WithLabelValues(namespace+"/callbacks/"+account, result.Secret).Inc()
	return body, nil
}

// v2Secrets are those that the account's webhookSecretRef holds. What is missing
// is returned for the log; a problem when they could not be read.
func (s *Server) v2Secrets(ctx context.Context, namespace, name string) ([]verify.Secret, error) {
	if !s.knows(namespace) {
		return nil, errors.New("no such account")
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.CreateTimeout)
	defer cancel()
	var account v1alpha1.ZMAAccount
	err := s.o.Reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &account)
	switch {
	case apierrors.IsNotFound(err):
		return nil, errors.New("no such account")
	case err != nil:
		return nil, unavailable(briefPause, safeCause("get account", err))
	case account.Spec.WebhookSecretRef == nil:
		return nil, errors.New("account has no webhookSecretRef")
	}
	ref := account.Spec.WebhookSecretRef
	value, err := s.o.Secrets.Key(ctx, namespace, ref.Name, ref.Key)
	switch {
	case errors.Is(err, secrets.ErrNotFound):
		return nil, fmt.Errorf("webhookSecretRef: %w", err)
	case err != nil:
		return nil, unavailable(briefPause, err)
	}
	return verify.V2Secrets(value), nil
}

// readV2 takes from a verified body which order it is about, and tells what to
// count. What names no order is no news, and is sent no better the next time.
func readV2(x *exchange, body []byte) (outcome string) {
	x.namespace = x.r.PathValue("namespace")
	x.webhookID, _ = digest(bytes.NewReader(body))
	var b struct {
		OrderID string `json:"order_id"`
	}
	if err := json.Unmarshal(body, &b); err != nil || !callback.ValidRequestID(b.OrderID) {
		return hintUnreadable
	}
	x.externalID = b.OrderID
	x.hint = callback.Hint{Namespace: x.namespace, Account: x.r.PathValue("account"), RequestID: b.OrderID}
	return hintAccepted
}
