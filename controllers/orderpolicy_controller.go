package controllers

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
)

// +kubebuilder:rbac:groups=zma.dev,resources=orderpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=zma.dev,resources=orderpolicies/status,verbs=update

// OrderPolicyReconciler says of each OrderPolicy whether it compiles. Orders do
// not wait for it: they compile the policy themselves, and never pass one that
// does not.
type OrderPolicyReconciler struct {
	client   client.Client
	policies *policy.Cache
	now      func() time.Time
}

func (r *OrderPolicyReconciler) setup(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("orderpolicy").
		For(&v1alpha1.OrderPolicy{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(r)
}

// Reconcile compiles one policy.
func (r *OrderPolicyReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var p v1alpha1.OrderPolicy
	if err := r.client.Get(ctx, req.NamespacedName, &p); err != nil {
		r.policies.Forget(req.NamespacedName)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	stored := p.DeepCopy()
	ready := metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: "The policy compiles."}
	if _, err := r.policies.Get(&p); err != nil {
		ready = metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonCompileFailed, Message: condition.Truncate(err.Error())}
	}
	setReady(&p.Status.Conditions, ready, p.Generation, r.now())
	p.Status.ObservedGeneration = p.Generation
	return reconcile.Result{}, updateStatus(ctx, r.client, &p, stored.Status, p.Status)
}
