package controllers

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
)

// +kubebuilder:rbac:groups=zma.dev,resources=zmaorders,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=zma.dev,resources=zmaorders/status,verbs=update
// +kubebuilder:rbac:groups=zma.dev,resources=zmaorders/finalizers,verbs=update
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get

// maxSteps bounds one reconciliation. An undisturbed order takes six; a decision
// that does not change anything would otherwise loop for ever.
const maxSteps = 20

// OrderReconciler drives each ZMAOrder: it gathers facts, lets the machine
// decide, and carries the decision out, until there is nothing more to do now.
type OrderReconciler struct {
	client client.Client
	facts  *gatherer
	act    *act.Executors
	now    func() time.Time
}

// Reconcile drives one order.
func (r *OrderReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var order v1alpha1.ZMAOrder
	if err := r.client.Get(ctx, req.NamespacedName, &order); err != nil {
		if apierrors.IsNotFound(err) {
			r.act.Forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, err
	}
	ctx = logr.NewContext(ctx, logr.FromContextOrDiscard(ctx).WithValues("correlationID", order.Annotations[v1alpha1.AnnotationRequestID]))
	t := &act.Task{Order: &order, Stored: order.DeepCopy()}
	after, err := r.drive(ctx, t)
	r.act.Track(ctx, t)
	r.act.Ignore(ctx, t)
	if err != nil || after == 0 {
		return reconcile.Result{}, err
	}
	result := reconcile.Result{RequeueAfter: after}
	if order.Status.Submission != nil && order.Status.Submission.State == v1alpha1.SubmissionAccepted {
		// A poll must not delay an order that has yet to be bought.
		priority := handler.LowPriority
		result.Priority = &priority
	}
	return result, nil
}

// drive decides and acts until the order has to wait.
func (r *OrderReconciler) drive(ctx context.Context, t *act.Task) (time.Duration, error) {
	for range maxSteps {
		facts, err := r.facts.gather(ctx, t)
		if err != nil {
			return 0, err
		}
		action := machine.Decide(t.Order, facts, r.now())
		if err := r.act.Do(ctx, t, action); err != nil {
			return r.failed(ctx, t, err)
		}
		switch action.Kind {
		case machine.Finalize:
			return 0, nil
		case machine.Wait, machine.Stall, machine.Done:
			return r.settle(ctx, t, action.After)
		}
	}
	return 0, fmt.Errorf("order did not settle within %d steps", maxSteps)
}

// failed writes what the failure means, unless the failure says that what is in
// memory must not be written.
func (r *OrderReconciler) failed(ctx context.Context, t *act.Task, err error) (time.Duration, error) {
	after, retry := r.act.Translate(ctx, t, err)
	if retry != nil || act.IsChanged(err) {
		return after, retry
	}
	return r.settle(ctx, t, after)
}

// settle writes what has come of a reconciliation, and looks again when the order
// would become overdue.
func (r *OrderReconciler) settle(ctx context.Context, t *act.Task, after time.Duration) (time.Duration, error) {
	if due := r.act.Deadline(t); due > 0 && (after == 0 || due < after) {
		after = due
	}
	if err := r.act.WriteStatus(ctx, t); err != nil {
		return r.act.Translate(ctx, t, err)
	}
	r.act.Alert(ctx, t)
	r.act.Record(ctx, t)
	return after, nil
}
