package e2e

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// departures are orders that are deleted.
func departures() []story {
	return []story{
		{
			name: "deleted", points: at(proxy.MirrorDeletion, proxy.FinalizerRemoval),
			begin: comes(zmasim.ProductOK, bought()), act: deletes,
			end: bought().with(func(e *end) { e.Reason, e.Mirror = gone, e.Mirror+" gone" }),
		},
		{
			name: "deleted unsent", points: at(proxy.Release, proxy.MirrorDeletion, proxy.FinalizerRemoval),
			begin: func(w *world) string {
				w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Kind: zmasim.TooManyRequests, RetryAfter: time.Hour})
				name := sends(zmasim.ProductOK)(w, "")
				w.waitForReason(name, v1alpha1.ReasonProviderUnavailable)
				return name
			},
			act: deletes,
			end: end{Reason: gone, Keys: 1, Ledger: "1 released", Mirror: v1alpha1.ReasonProviderUnavailable + " gone"},
		},
		{
			name: "deleted with an alert", points: append(at(proxy.FinalizerRemoval), at(proxy.AlertEnd)...),
			begin: comes(zmasim.ProductFor("max_price_exceeded"), undecided()), act: deletes,
			end: undecided().with(func(e *end) {
				e.Reason, e.Mirror, e.Alerts = gone, e.Mirror+" gone", "NeedsDecision resolved"
			}),
		},
	}
}

// deletes an order, without waiting for it to go.
func deletes(w *world, name string) string {
	w.t.Helper()
	w.must(w.client.Delete(w.t.Context(), &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}))
	return name
}

// remove deletes an order and waits until it is gone.
func (w *world) remove(name string) {
	w.t.Helper()
	deletes(w, name)
	if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
		w.t.Fatalf("order %s does not go", name)
	}
}
