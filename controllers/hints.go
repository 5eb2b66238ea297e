package controllers

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
)

// hintBuffer holds callbacks that the queue has not taken yet. One that finds it
// full is lost, which costs a poll's pause.
const hintBuffer = 1024

// Hints carries provider callbacks to the order controller.
type Hints struct {
	polls  *act.Polls
	events chan event.GenericEvent
}

func newHints(polls *act.Polls) *Hints {
	return &Hints{polls: polls, events: make(chan event.GenericEvent, hintBuffer)}
}

// Send notes that the provider has news of an order. It never blocks.
func (h *Hints) Send(order types.NamespacedName) {
	h.polls.Hint(order)
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: order.Namespace, Name: order.Name}}
	select {
	case h.events <- event.GenericEvent{Object: o}:
	default:
	}
}

// HintListener takes callbacks from other processes through Postgres.
type HintListener struct {
	// Listen blocks until its connection ends.
	Listen func(context.Context, func(types.NamespacedName)) error
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
