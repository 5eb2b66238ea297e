package controllers

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
)

// indexRequest finds an order by the ID under which the provider knows its
// current attempt.
const indexRequest = "status.submission.requestID"

// hintUnknown counts hints at request IDs that no order has, or none has yet.
const hintUnknown = "unknown"

func requestOf(o client.Object) []string {
	if sub := o.(*v1alpha1.ZMAOrder).Status.Submission; sub != nil && sub.RequestID != "" {
		return []string{sub.RequestID}
	}
	return nil
}

// byRequestID finds the orders of the hint's own account: the secret of one
// account must not make the orders of another busy.
func (h *Hints) byRequestID(ctx context.Context, hint callback.Hint) []reconcile.Request {
	// Kept before it is looked for: an order that gets its request ID in between is
	// then either found here, or finds the hint.
	h.early.keep(hint)
	var orders v1alpha1.ZMAOrderList
	err := h.orders.List(ctx, &orders, client.InNamespace(hint.Namespace),
		client.MatchingFields{indexRequest: hint.RequestID}, client.UnsafeDisableDeepCopy)
	if err != nil {
		log.FromContext(ctx).Error(err, "The order of a callback could not be looked for; it is read at its next poll")
		return nil
	}
	var found []reconcile.Request
	for i := range orders.Items {
		if hintOf(&orders.Items[i]) == hint {
			found = append(found, h.wake(client.ObjectKeyFromObject(&orders.Items[i])))
		}
	}
	if len(found) == 0 {
		h.metrics.CallbackHints.WithLabelValues(hintUnknown).Inc()
		return nil
	}
	h.early.take(hint)
	return found
}

// claims wakes an order whose callback came before its request ID was on record:
// the provider may be quicker than our own write.
func (h *Hints) claims() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		if hint := hintOf(o.(*v1alpha1.ZMAOrder)); hint.RequestID != "" && h.early.take(hint) {
			return []reconcile.Request{h.wake(client.ObjectKeyFromObject(o))}
		}
		return nil
	})
}

// hintOf is the hint at an order by its request ID.
func hintOf(o *v1alpha1.ZMAOrder) callback.Hint {
	hint := callback.Hint{Namespace: o.Namespace, Account: o.Spec.AccountRef.Name}
	for _, id := range requestOf(o) {
		hint.RequestID = id
	}
	return hint
}
