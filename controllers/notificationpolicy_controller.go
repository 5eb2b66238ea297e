package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/notify"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// policyCheckInterval is the default of CheckInterval.
const policyCheckInterval = time.Minute

// NotificationPolicyReconciler says whether mails can be sent by a policy. It
// judges by the same code that the mail worker loads a policy with, so that
// Ready never says more than is true.
type NotificationPolicyReconciler struct {
	// Client reads policies and writes their status.
	Client client.Client
	// Reader reads ConfigMaps of templates, without watching all of them.
	Reader client.Reader
	// Secrets reads credentials and certificates.
	Secrets *secrets.Reader
	// CheckInterval between looks at the objects that a policy refers to, which
	// are not watched; one minute when zero.
	CheckInterval time.Duration
}

// SetupWithManager makes mgr call the reconciler.
func (r *NotificationPolicyReconciler) SetupWithManager(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.NotificationPolicy{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of notification policies: %w", err)
	}
	return nil
}

// +kubebuilder:rbac:groups=zma.dev,resources=notificationpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=zma.dev,resources=notificationpolicies/status,verbs=update
// +kubebuilder:rbac:groups="",resources=secrets;configmaps,verbs=get

// Reconcile judges one policy.
func (r *NotificationPolicyReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var p v1alpha1.NotificationPolicy
	if err := r.Client.Get(ctx, req.NamespacedName, &p); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !p.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	ready, err := r.judge(ctx, &p)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.writeStatus(ctx, &p, ready); err != nil {
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			return ctrl.Result{RequeueAfter: time.Second}, nil
		}
		return ctrl.Result{}, fmt.Errorf("write the status: %w", err)
	}
	return ctrl.Result{RequeueAfter: wait.Jitter(r.interval(), 0.2)}, nil
}

// judge makes the condition Ready. It fails when the policy can't be judged now.
func (r *NotificationPolicyReconciler) judge(ctx context.Context, p *v1alpha1.NotificationPolicy) (metav1.Condition, error) {
	c := metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: p.Generation,
		Reason: v1alpha1.ReasonSucceeded, Message: "mails can be sent",
	}
	err := (&notify.Loader{Client: r.Reader, Secrets: r.Secrets}).Check(ctx, p)
	var setup *notify.SetupError
	switch {
	case errors.As(err, &setup):
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, setup.Reason, setup.Message
	case err != nil:
		return c, err
	case p.Spec.Suspend:
		c.Message = "mails could be sent, but wait because of spec.suspend"
	}
	return c, nil
}

// writeStatus writes only what differs. The update carries the resource version
// that was judged, so that it can't speak of a spec that nobody has looked at.
func (r *NotificationPolicyReconciler) writeStatus(ctx context.Context, p *v1alpha1.NotificationPolicy, ready metav1.Condition) error {
	before := p.Status.DeepCopy()
	meta.SetStatusCondition(&p.Status.Conditions, ready)
	p.Status.ObservedGeneration = p.Generation
	if equality.Semantic.DeepEqual(before, &p.Status) {
		return nil
	}
	return r.Client.Status().Update(ctx, p)
}

func (r *NotificationPolicyReconciler) interval() time.Duration {
	if r.CheckInterval <= 0 {
		return policyCheckInterval
	}
	return r.CheckInterval
}
