package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	eventsv1 "k8s.io/api/events/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestNoSecretReachesTheLog plants names, addresses, mails, keys and tokens that
// stand out, lets orders succeed and fail at the most detailed level of the log,
// and looks for them in log, events and conditions.
func TestNoSecretReachesTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	planted := func(id, product string) *shop.Order {
		o := shop.NewOrder(id, item(product))
		o.ShippingAddress.FirstName, o.ShippingAddress.LastName = "Zebulon", "Quux"
		o.ShippingAddress.Line1, o.ShippingAddress.Phone = "77 Planted Lane", "+15032239999"
		o.Customer["email"] = "planted@example.org"
		return o
	}
	w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity("lost"), Kind: zmasim.DropAfter, Times: 1})
	w.waitFor(w.send(planted("good", zmasim.ProductOK)), "Ready", isReady)
	w.waitFor(w.send(planted("lost", zmasim.ProductOK)), "Ready", isReady)
	w.waitForReason(w.send(planted("gone", zmasim.ProductFor("product_unavailable"))), v1alpha1.ReasonRejected)
	bad := planted("address", zmasim.ProductOK)
	bad.ShippingAddress.PostalCode = "not-a-code"
	w.waitForReason(w.send(bad), v1alpha1.ReasonAwaitingAddress)

	words := []string{"Zebulon", "Quux", "Planted", "5032239999", "planted@", "not-a-code", "sim-token", "whsec_", "request_succeeded.1:"}
	for _, name := range []string{"zma-callback", "web-secret"} {
		var s corev1.Secret
		w.must(w.client.Get(t.Context(), types.NamespacedName{Namespace: w.namespace, Name: name}, &s))
		for _, value := range s.Data {
			words = append(words, string(value))
		}
	}
	for where, text := range w.everythingTold() {
		if text == "" {
			t.Errorf("there is no %s to look at", where)
		}
		for _, word := range words {
			if strings.Contains(text, word) {
				t.Errorf("the %s holds %q", where, word)
			}
		}
	}
}

// everythingTold is what people without rights to orders may see.
func (w *world) everythingTold() map[string]string {
	w.t.Helper()
	log, err := os.ReadFile(w.log)
	w.must(err)
	out := map[string]string{"log": string(log)}
	var events eventsv1.EventList
	w.must(w.client.List(w.t.Context(), &events, client.InNamespace(w.namespace)))
	for _, e := range events.Items {
		out["events"] += e.Note + "\n"
	}
	var orders v1alpha1.ZMAOrderList
	w.must(w.client.List(w.t.Context(), &orders, client.InNamespace(w.namespace)))
	for i := range orders.Items {
		out["conditions"] += conditions(&orders.Items[i]) + "\n"
	}
	return out
}

// TestNothingIsSpentWhileTheLedgerIsAway pauses the test's own Postgres.
func TestNothingIsSpentWhileTheLedgerIsAway(t *testing.T) {
	t.Parallel()
	own := ownPostgres(t)
	w := newWorld(t, settings{postgres: own, sim: zmasim.Options{Processing: 4 * time.Second}})
	under := w.send(shop.NewOrder("underway", item(zmasim.ProductOK)))
	w.waitForReason(under, v1alpha1.ReasonProcessing)
	w.must(own.Pause())
	fresh := w.send(shop.NewOrder("fresh", item(zmasim.ProductOK)))
	w.waitForReason(fresh, v1alpha1.ReasonLedgerUnavailable)
	w.waitForReason(under, v1alpha1.ReasonCostPending)
	if n := len(w.sim.Record().KeysOf(w.identity("fresh"))); n != 0 {
		t.Errorf("%d calls were made without the ledger", n)
	}
	w.must(own.Resume(t.Context()))
	w.waitFor(fresh, "Ready", isReady)
	w.waitFor(under, "Ready", isReady)
	for _, id := range []string{"fresh", "underway"} {
		w.check(w.boughtOnce(id))
		w.check(w.accountedOnce(id))
	}
}
