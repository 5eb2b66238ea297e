package webhookserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// store creates the order and tells whether it is new. Only the API server's
// word counts: a name that exists is the lock, and no cache is asked.
func (s *Server) store(ctx context.Context, order *v1alpha1.ZMAOrder) (fresh bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CreateTimeout)
	defer cancel()
	hash := order.Annotations[v1alpha1.AnnotationPayloadHash]
	key := client.ObjectKeyFromObject(order)
	err = s.o.Client.Create(ctx, order)
	switch {
	case err == nil:
		return true, nil
	case apierrors.IsAlreadyExists(err):
		return false, s.compare(ctx, key, hash)
	case apierrors.IsInvalid(err):
		return false, invalidOrder(invalidFields(err))
	}
	return false, unavailable(retryAfter(err), safeCause("create order", err))
}

// compare tells a repeated delivery from another order under the same ID. An
// order that is being deleted counts too: it was taken, and a repetition must
// not order it anew.
func (s *Server) compare(ctx context.Context, key client.ObjectKey, hash string) error {
	var stored v1alpha1.ZMAOrder
	err := s.o.Live.Get(ctx, key, &stored)
	switch {
	case apierrors.IsNotFound(err):
		// Deleted in between. Whether it may be made again is decided by the next
		// delivery, not by a race.
		return unavailable(briefPause, errors.New("order was deleted while it was compared"))
	case err != nil:
		return unavailable(retryAfter(err), safeCause("get order", err))
	case stored.Annotations[v1alpha1.AnnotationPayloadHash] != hash:
		return payloadConflict()
	}
	return nil
}

// retryAfter is what the API server suggests, within reason.
func retryAfter(err error) time.Duration {
	if after, ok := apierrors.SuggestsClientDelay(err); ok && after > 0 {
		return min(time.Duration(after)*time.Second, notReady)
	}
	return outage
}

// safeCause keeps the reason of an API server's refusal, not its message, which
// may quote the order.
func safeCause(what string, err error) error {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return fmt.Errorf("%s: API server answered %d %s", what, status.Status().Code, status.Status().Reason)
	}
	return fmt.Errorf("%s: %w", what, err)
}
