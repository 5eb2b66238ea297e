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

// stored tells how an order came to be stored.
type stored int

const (
	storedNew    stored = iota // by this request
	storedBefore               // by a delivery of the same payload
	storedReplay               // by this very delivery, which was sent again
)

// store creates the order. Only the API server's word counts: a name that exists
// is the lock, and no cache is asked.
func (s *Server) store(ctx context.Context, order *v1alpha1.ZMAOrder) (stored, error) {
	wanted := order.DeepCopy() // Create overwrites what it is given
	err := s.o.Client.Create(ctx, order)
	switch {
	case err == nil:
		return storedNew, nil
	case apierrors.IsAlreadyExists(err):
		return s.compare(ctx, wanted)
	}
	return 0, refused("create order", err)
}

// rehearse asks the API server what it would say, without storing anything.
func (s *Server) rehearse(ctx context.Context, order *v1alpha1.ZMAOrder) error {
	err := s.o.Client.Create(ctx, order.DeepCopy(), client.DryRunAll)
	switch {
	case err == nil:
		return nil
	case apierrors.IsAlreadyExists(err):
		_, err := s.compare(ctx, order)
		return err
	}
	return refused("rehearse order", err)
}

// refused turns the API server's refusal into an answer.
func refused(what string, err error) error {
	if apierrors.IsInvalid(err) {
		return invalidOrder(invalidFields(err))
	}
	return unavailable(retryAfter(err), safeCause(what, err))
}

// compare tells a repeated delivery from another order under the same ID. An
// order that is being deleted counts too: it was taken, and a repetition must
// not order it anew.
func (s *Server) compare(ctx context.Context, wanted *v1alpha1.ZMAOrder) (stored, error) {
	var found v1alpha1.ZMAOrder
	err := s.o.Live.Get(ctx, client.ObjectKeyFromObject(wanted), &found)
	const hash, delivery = v1alpha1.AnnotationPayloadHash, v1alpha1.AnnotationDelivery
	switch {
	case apierrors.IsNotFound(err):
		// Deleted in between. Whether it may be made again is decided by the next
		// delivery, not by a race.
		return 0, unavailable(briefPause, errors.New("order was deleted while it was compared"))
	case err != nil:
		return 0, unavailable(retryAfter(err), safeCause("get order", err))
	case found.Annotations[hash] != wanted.Annotations[hash]:
		return 0, payloadConflict()
	case wanted.Annotations[delivery] != "" && found.Annotations[delivery] == wanted.Annotations[delivery]:
		return storedReplay, nil
	}
	return storedBefore, nil
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
