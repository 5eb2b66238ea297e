package chaos

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// cancelPatience is how long a cancelled order is waited for before it is left
// alone: one without a known outcome waits longer than any run.
const cancelPatience = 20 * time.Second

// recreate deletes the order once it has ended and sends its webhook again.
func (w *world) recreate(ctx context.Context, o *Order, raw []byte) error {
	waitFor, cancel := ctx, context.CancelFunc(func() {})
	if o.Cancelled() {
		waitFor, cancel = context.WithDeadline(ctx, w.began.Add(o.SendAt+o.CancelAfter+cancelPatience))
	}
	defer cancel()
	current, err := w.when(waitFor, o, "at its end", func(c *v1alpha1.ZMAOrder) bool { return ended(c, o.Cancelled()) })
	if err != nil {
		if o.Cancelled() {
			return nil
		}
		return err
	}
	w.say("order %s: deleted at %s", o.ID, readyReason(current))
	if err := w.client.Delete(ctx, current); err != nil {
		return err
	}
	if err := w.gone(ctx, o, current); err != nil {
		return err
	}
	// One of its other deliveries may have come in this very second, while the order
	// was there: the same bytes again would be a replay, which makes nothing.
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second))):
	}
	w.say("order %s: sent again", o.ID)
	return w.send(ctx, o, raw)
}

// gone waits until an object has gone, or has been made again by one of its other
// deliveries.
func (w *world) gone(ctx context.Context, o *Order, was *v1alpha1.ZMAOrder) error {
	for {
		after, err := w.get(ctx, o)
		if apierrors.IsNotFound(err) || err == nil && after.UID != was.UID {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the finished order %s does not go: %s", o.ID, conditions(was))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ended tells whether an order has come to an end that the ledger has on record.
func ended(o *v1alpha1.ZMAOrder, cancelled bool) bool {
	switch readyReason(o) {
	case v1alpha1.ReasonRejected, v1alpha1.ReasonCancelled, v1alpha1.ReasonCancelledAfterPlacement, v1alpha1.ReasonCancelledByRetailer:
		return true
	}
	if !cancelled {
		return placed(o)
	}
	c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionCancelled)
	return c != nil && c.Reason == v1alpha1.ReasonCancellationRefused
}

func placed(o *v1alpha1.ZMAOrder) bool {
	switch readyReason(o) {
	case v1alpha1.ReasonPlaced, v1alpha1.ReasonShipped, v1alpha1.ReasonDelivered:
		return true
	}
	return false
}
