package controllers

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// hintBuffer holds callbacks that the queue has not taken yet. One that finds it
// full is lost, which costs a poll's pause.
const hintBuffer = 1024

// Hints carries provider callbacks to the order controller.
type Hints struct {
	polls   *act.Polls
	orders  client.Reader
	metrics *telemetry.Metrics
	events  chan event.TypedGenericEvent[callback.Hint]
	early   earlyHints
}

// newHints finds orders in a cache that has indexRequest.
func newHints(polls *act.Polls, orders client.Reader, m *telemetry.Metrics) *Hints {
	return &Hints{polls: polls, orders: orders, metrics: m,
		events: make(chan event.TypedGenericEvent[callback.Hint], hintBuffer)}
}

// Send notes that the provider has news of an order. It never blocks.
func (h *Hints) Send(hint callback.Hint) {
	select {
	case h.events <- event.TypedGenericEvent[callback.Hint]{Object: hint}:
	default:
	}
}

// source of reconciliations: each hint is turned into the orders it is about.
func (h *Hints) source() source.Source {
	return source.Channel(h.events, handler.TypedEnqueueRequestsFromMapFunc(h.requests))
}

func (h *Hints) requests(ctx context.Context, hint callback.Hint) []reconcile.Request {
	if hint.Order == "" {
		return h.byRequestID(ctx, hint)
	}
	return []reconcile.Request{h.wake(types.NamespacedName{Namespace: hint.Namespace, Name: hint.Order})}
}

// wake makes the next reconciliation of an order read it from the provider.
func (h *Hints) wake(order types.NamespacedName) reconcile.Request {
	h.polls.Hint(order)
	return reconcile.Request{NamespacedName: order}
}

// HintListener takes callbacks from other processes through Postgres.
type HintListener struct {
	// Listen blocks until its connection ends.
	Listen func(context.Context, func(callback.Hint)) error
	// Hints takes what arrives.
	Hints *Hints
	// Log of lost connections.
	Log logr.Logger
	// Pause before a lost connection is made again.
	Pause time.Duration
}

// Start listens until the context ends. A lost connection loses hints, never
// orders: every open order is polled.
func (l *HintListener) Start(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := l.Listen(ctx, l.Hints.Send); err != nil && ctx.Err() == nil {
			l.Log.V(1).Info("Listening for callbacks ended; trying again", "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(l.Pause):
		}
	}
	return nil
}

// NeedLeaderElection ties listening to the controller that acts on it.
func (l *HintListener) NeedLeaderElection() bool { return true }
