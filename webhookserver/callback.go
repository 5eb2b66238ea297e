package webhookserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// maxCallbackBytes are read of a callback's body, for its digest alone.
const maxCallbackBytes = 1 << 20

// Outcomes of callbacks in metrics.
const (
	hintAccepted    = "accepted"
	hintExpired     = "expired"
	hintInvalid     = "invalid"
	hintLimited     = "limited"
	hintUnavailable = "unavailable"
	hintUnreadable  = "unreadable" // verified, and names no order
)

// callback takes a hint that the provider has news of an order. Once the token
// is verified the answer is 200 whatever comes: the provider repeats until then,
// for orders long gone too. Whether the order exists is the reconciler's affair.
func (s *Server) callback(x *exchange) (*answer, error) {
	outcome, err := s.verified(x, `Basic realm="callbacks"`, func() error { return s.checkToken(x) })
	s.o.Metrics.CallbackHints.WithLabelValues(outcome).Inc()
	if err != nil {
		return nil, err
	}
	x.hint = callback.Hint{Namespace: x.r.PathValue("namespace"), Order: x.r.PathValue("order")}
	x.namespace, x.order = x.hint.Namespace, x.hint.Order
	x.webhookID, x.bodyBytes = digest(x.r.Body)
	s.o.Hints(x.hint)
	return &answer{status: http.StatusOK, outcome: "hint", body: struct{}{}}, nil
}

// verified checks who sent a callback and bounds how often a client may be wrong.
// A check's problem is the answer; any other error of it is refused like all
// others.
func (s *Server) verified(x *exchange, challenge string, check func() error) (outcome string, err error) {
	client := clientKey(x.client)
	if ok, after := s.badToken.Has(client, badTokenRate(), x.started); !ok {
		return hintLimited, rateLimited("client", badTokenRate(), after)
	}
	err = check()
	var p *problem
	switch {
	case err == nil:
		return hintAccepted, nil
	case errors.Is(err, callback.ErrExpired):
		return hintExpired, callbackRefused(challenge, err)
	case errors.As(err, &p) && p.status == http.StatusServiceUnavailable:
		return hintUnavailable, p
	}
	s.badToken.Take(client, badTokenRate(), x.started)
	if p != nil {
		return hintInvalid, p
	}
	return hintInvalid, callbackRefused(challenge, err)
}

// checkToken verifies the token against path and user name. Its error is a
// problem when we could not tell.
func (s *Server) checkToken(x *exchange) error {
	user, token, ok := x.r.BasicAuth()
	event, attempt, known := callback.ParseUser(user)
	if !ok || !known {
		return callback.ErrInvalid
	}
	release, err := s.callbacks.take()
	if err != nil {
		return err
	}
	defer release()
	claims := callback.Claims{
		Namespace: x.r.PathValue("namespace"), Account: x.r.PathValue("account"),
		Order: x.r.PathValue("order"), Attempt: attempt, Event: event,
	}
	keys, err := s.callbackKeys(x.r.Context(), claims.Namespace, claims.Account)
	if err != nil {
		return err
	}
	_, err = callback.Verify(keys, token, claims, x.started)
	return err
}

// callbackKeys are all keys of the account's callback Secret: while one is
// rotated, URLs handed out under the old one still verify.
func (s *Server) callbackKeys(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	if !s.knows(namespace) {
		return nil, callback.ErrInvalid
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.CreateTimeout)
	defer cancel()
	var account v1alpha1.ZMAAccount
	err := s.o.Reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &account)
	switch {
	case apierrors.IsNotFound(err):
		return nil, callback.ErrInvalid
	case err != nil:
		return nil, unavailable(briefPause, safeCause("get account", err))
	case account.Spec.Callback == nil:
		return nil, fmt.Errorf("account has no callback: %w", callback.ErrInvalid)
	}
	keys, err := s.o.Secrets.All(ctx, namespace, account.Spec.Callback.SecretRef.Name)
	switch {
	case errors.Is(err, secrets.ErrNotFound):
		return nil, fmt.Errorf("callback %w: %w", err, callback.ErrInvalid)
	case err != nil:
		return nil, unavailable(briefPause, err)
	}
	return keys, nil
}

// callbackRefused is one answer for every cause.
func callbackRefused(challenge string, cause error) *problem {
	p := unauthenticated(challenge)
	p.cause, p.event = cause, eventBadCallback
	return p
}

// digest identifies a body for those who look for repetitions. A body that is
// too long or breaks off is a hint all the same.
func digest(body io.Reader) (string, int64) {
	h := sha256.New()
	n, _ := io.Copy(h, io.LimitReader(body, maxCallbackBytes))
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), n
}
