package controllers

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Priorities of orders in the queue, above that of polls and of what is listed at
// the start.
const (
	// changedPriority is that of any change.
	changedPriority = 0
	// turnPriority comes before other orders: a turn at the gate waits for nobody.
	turnPriority = 50
	// personPriority comes first: somebody waits at a terminal.
	personPriority = 100
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func enqueue(q queue, o client.Object, priority int) {
	request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)}
	if prioritised, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		prioritised.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, request)
		return
	}
	q.Add(request)
}

// personFirst puts an order whose request for recovery is new before all others.
func personFirst() handler.EventHandler {
	return handler.Funcs{UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
		asked := e.ObjectNew.GetAnnotations()[v1alpha1.AnnotationRecover]
		if asked != "" && asked != e.ObjectOld.GetAnnotations()[v1alpha1.AnnotationRecover] {
			enqueue(q, e.ObjectNew, personPriority)
		}
	}}
}

// turnFirst puts an order whose turn at the gate has come before those without one.
func turnFirst() handler.EventHandler {
	return handler.Funcs{GenericFunc: func(_ context.Context, e event.GenericEvent, q queue) {
		enqueue(q, e.Object, turnPriority)
	}}
}

// unsentFirst keeps an order that has not been submitted from waiting behind the
// polls of all those that a new leader finds.
func unsentFirst() handler.EventHandler {
	return handler.Funcs{CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
		if o := e.Object.(*v1alpha1.ZMAOrder); o.Status.Submission == nil || o.Status.Submission.State.Unresolved() {
			enqueue(q, o, changedPriority)
		}
	}}
}
