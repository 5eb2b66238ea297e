package controllers

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

// Index names of the order cache.
const (
	indexAccount = "spec.accountRef.name"
	indexPolicy  = "spec.policyRef.name"
)

func accountOf(o client.Object) []string {
	return []string{o.(*v1alpha1.ZMAOrder).Spec.AccountRef.Name}
}

func policyOf(o client.Object) []string {
	if ref := o.(*v1alpha1.ZMAOrder).Spec.PolicyRef; ref != nil {
		return []string{ref.Name}
	}
	return nil
}

// waitingForAccount are the reasons that a change of the account may end.
func waitingForAccount() []string {
	return []string{
		v1alpha1.ReasonAccountNotReady, v1alpha1.ReasonAwaitingFunds, v1alpha1.ReasonBudgetExceeded,
		v1alpha1.ReasonSuspended, v1alpha1.ReasonCredentialsRefused, v1alpha1.ReasonProviderAccountChanged,
		v1alpha1.ReasonThrottled,
	}
}

// waitingForPolicy are the reasons that a change of the policy may end.
func waitingForPolicy() []string {
	return []string{v1alpha1.ReasonPolicyNotReady, v1alpha1.ReasonAwaitingApproval, v1alpha1.ReasonAwaitingAddress}
}

// enqueueWaiting wakes the orders that wait for an object, oldest first.
func enqueueWaiting(c client.Reader, index string, reasons []string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		var orders v1alpha1.ZMAOrderList
		if err := c.List(ctx, &orders, client.InNamespace(o.GetNamespace()), client.MatchingFields{index: o.GetName()}); err != nil {
			log.FromContext(ctx).Error(err, "Waiting orders could not be listed; they go at their next check")
			return nil
		}
		return waiting(orders.Items, reasons)
	})
}

func waiting(orders []v1alpha1.ZMAOrder, reasons []string) []reconcile.Request {
	slices.SortFunc(orders, func(a, b v1alpha1.ZMAOrder) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	var out []reconcile.Request
	for i := range orders {
		if slices.Contains(reasons, condition.ReadyReason(&orders[i])) {
			out = append(out, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: orders[i].Namespace, Name: orders[i].Name}})
		}
	}
	return out
}
