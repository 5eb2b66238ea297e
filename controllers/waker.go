package controllers

import (
	"context"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// waitingForProvider are the reasons that end when the provider answers again.
func waitingForProvider() []string {
	return []string{v1alpha1.ReasonProviderUnavailable, v1alpha1.ReasonResolvingSubmission, v1alpha1.ReasonSubmissionOutcomeUnknown, v1alpha1.ReasonCancelling}
}

// waitingForLedger are the reasons that end when Postgres answers again.
func waitingForLedger() []string {
	return []string{v1alpha1.ReasonLedgerUnavailable, v1alpha1.ReasonCostPending}
}

// waker puts orders and accounts into their queues: those whose turn has come, and
// all that waited for what is back now, oldest first. Nothing that calls it waits,
// and nothing is dropped.
type waker struct {
	orders  client.Reader
	turns   chan event.GenericEvent
	wakes   chan event.GenericEvent
	account chan event.GenericEvent

	mu      sync.Mutex
	pending []func(context.Context)
	signal  chan struct{}
}

func newWaker(orders client.Reader) *waker {
	return &waker{
		orders: orders, signal: make(chan struct{}, 1),
		turns: make(chan event.GenericEvent), wakes: make(chan event.GenericEvent), account: make(chan event.GenericEvent),
	}
}

// turn puts an order whose turn has come before all that have none: a turn that is
// not taken in time is lost for everybody.
func (w *waker) turn(order types.NamespacedName) {
	w.do(func(ctx context.Context) { send(ctx, w.turns, &v1alpha1.ZMAOrder{}, order) })
}

// circuit tells the account's controller of a change.
func (w *waker) circuit(account types.NamespacedName) {
	w.do(func(ctx context.Context) { send(ctx, w.account, &v1alpha1.ZMAAccount{}, account) })
}

// forProvider wakes the orders of an account that wait for the provider.
func (w *waker) forProvider(account types.NamespacedName) {
	w.do(func(ctx context.Context) {
		w.all(ctx, waitingForProvider(), client.InNamespace(account.Namespace), client.MatchingFields{indexAccount: account.Name})
	})
}

// ledgerBack wakes the orders that waited for Postgres.
func (w *waker) ledgerBack() {
	w.do(func(ctx context.Context) { w.all(ctx, waitingForLedger()) })
}

func (w *waker) all(ctx context.Context, reasons []string, of ...client.ListOption) {
	var orders v1alpha1.ZMAOrderList
	if err := w.orders.List(ctx, &orders, of...); err != nil {
		log.FromContext(ctx).Error(err, "Waiting orders could not be listed; they go at their next check")
		return
	}
	for _, request := range waiting(orders.Items, reasons) {
		send(ctx, w.wakes, &v1alpha1.ZMAOrder{}, request.NamespacedName)
	}
}

func send(ctx context.Context, to chan<- event.GenericEvent, o client.Object, key types.NamespacedName) {
	o.SetNamespace(key.Namespace)
	o.SetName(key.Name)
	select {
	case to <- event.GenericEvent{Object: o}:
	case <-ctx.Done():
	}
}

func (w *waker) do(f func(context.Context)) {
	w.mu.Lock()
	w.pending = append(w.pending, f)
	w.mu.Unlock()
	nudge(w.signal)
}

// Start works until the context ends.
func (w *waker) Start(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.signal:
		}
		w.mu.Lock()
		work := slices.Clone(w.pending)
		w.pending = w.pending[:0]
		w.mu.Unlock()
		for _, f := range work {
			f(ctx)
		}
	}
}

// NeedLeaderElection ties the waker to the controllers that it wakes.
func (w *waker) NeedLeaderElection() bool { return true }

// inFlight lists the orders of an account that count against its cap.
func (w *waker) inFlight(ctx context.Context, account types.NamespacedName, counts func(*v1alpha1.ZMAOrder) bool) ([]types.NamespacedName, error) {
	var orders v1alpha1.ZMAOrderList
	err := w.orders.List(ctx, &orders, client.InNamespace(account.Namespace), client.MatchingFields{indexAccount: account.Name})
	var out []types.NamespacedName
	for i := range orders.Items {
		if counts(&orders.Items[i]) {
			out = append(out, client.ObjectKeyFromObject(&orders.Items[i]))
		}
	}
	return out, err
}
