package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// +kubebuilder:rbac:groups=zma.dev,resources=webhooksources,verbs=get;list;watch
// +kubebuilder:rbac:groups=zma.dev,resources=webhooksources/status,verbs=update

// sourceRecheck is how often a source is looked at again: its Secrets are not
// watched.
const sourceRecheck = time.Minute

// maxCompileMessage bounds what a condition says of an expression, in bytes.
const maxCompileMessage = 1024

// WebhookSourceReconciler says of each WebhookSource whether it is served, and
// where.
type WebhookSourceReconciler struct {
	client  client.Client
	secrets *secrets.Reader
	now     func() time.Time
}

func (r *WebhookSourceReconciler) setup(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("webhooksource").
		For(&v1alpha1.WebhookSource{}).
		Watches(&v1alpha1.ZMAAccount{}, handler.EnqueueRequestsFromMapFunc(r.sourcesOf)).
		Complete(r)
}

// Reconcile judges one source.
func (r *WebhookSourceReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var s v1alpha1.WebhookSource
	if err := r.client.Get(ctx, req.NamespacedName, &s); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	stored := s.DeepCopy()
	ready, err := r.judge(ctx, &s)
	if err != nil {
		return reconcile.Result{}, err
	}
	setReady(&s.Status.Conditions, ready, s.Generation, r.now())
	s.Status.ObservedGeneration, s.Status.WebhookPath = s.Generation, ""
	// A source that can't be served has no path, and its name may be too long for one.
	if ready.Reason != v1alpha1.ReasonNotSupported {
		s.Status.WebhookPath = source.WebhookPath(&s)
	}
	return reconcile.Result{RequeueAfter: wait.Jitter(sourceRecheck, 0.2)}, updateStatus(ctx, r.client, &s, stored.Status, s.Status)
}

// judge tells whether the source is served, and what is missing when it is not.
func (r *WebhookSourceReconciler) judge(ctx context.Context, s *v1alpha1.WebhookSource) (metav1.Condition, error) {
	no := func(reason, message string) metav1.Condition {
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
	}
	if missing := source.Unsupported(s); missing != "" {
		return no(v1alpha1.ReasonNotSupported, "Not available: "+missing+"."), nil
	}
	if err := source.Compile(s); err != nil {
		return no(v1alpha1.ReasonMappingInvalid, bounded(err.Error())), nil
	}
	if s.Spec.Suspend {
		return no(v1alpha1.ReasonSuspended, "spec.suspend is true; senders are told to send again later."), nil
	}
	winner, err := r.winner(ctx, s)
	if err != nil {
		return metav1.Condition{}, err
	}
	if winner != s.Name {
		return no(v1alpha1.ReasonPathConflict, fmt.Sprintf("The older source %s has the same path.", winner)), nil
	}
	var account v1alpha1.ZMAAccount
	if err := r.client.Get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: s.Spec.AccountRef.Name}, &account); err != nil {
		return no(v1alpha1.ReasonAccountNotReady, "The ZMAAccount does not exist; orders are accepted and wait for it."), client.IgnoreNotFound(err)
	}
	return r.judgeSecrets(ctx, s)
}

// judgeSecrets wants every Secret to be usable: one that is not would only be
// noticed when the others have been retired.
func (r *WebhookSourceReconciler) judgeSecrets(ctx context.Context, s *v1alpha1.WebhookSource) (metav1.Condition, error) {
	for i, ref := range s.Spec.Auth.SecretRefs {
		secret, err := r.secrets.Key(ctx, s.Namespace, ref.Name, ref.Key)
		switch {
		case errors.Is(err, secrets.ErrNotFound):
			return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf("auth.secretRefs[%d]: the Secret or its key does not exist.", i)}, nil
		case err != nil:
			return metav1.Condition{}, err
		}
		if err := source.CheckSecret(s.Spec.Auth, secret); err != nil {
			return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonSecretUnusable, Message: fmt.Sprintf("auth.secretRefs[%d]: %v.", i, err)}, nil
		}
	}
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: "Webhooks are taken."}, nil
}

// bounded cuts a message that is as long as the expressions make it. What comes
// first is where the error is.
func bounded(message string) string {
	if len(message) <= maxCompileMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxCompileMessage-len("…")], "") + "…"
}

// winner is the name of the source that serves the path.
func (r *WebhookSourceReconciler) winner(ctx context.Context, s *v1alpha1.WebhookSource) (string, error) {
	var all v1alpha1.WebhookSourceList
	if err := r.client.List(ctx, &all, client.InNamespace(s.Namespace)); err != nil {
		return "", err
	}
	if found := source.Find(all.Items, source.Path(s)); found != nil {
		return found.Name, nil
	}
	return s.Name, nil
}

// sourcesOf maps an account to the sources whose orders it pays.
func (r *WebhookSourceReconciler) sourcesOf(ctx context.Context, o client.Object) []reconcile.Request {
	var all v1alpha1.WebhookSourceList
	if err := r.client.List(ctx, &all, client.InNamespace(o.GetNamespace())); err != nil {
		return nil // they are looked at again within sourceRecheck
	}
	var out []reconcile.Request
	for i := range all.Items {
		if all.Items[i].Spec.AccountRef.Name == o.GetName() {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
		}
	}
	return out
}
