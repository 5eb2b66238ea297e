package e2e

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestWaitForReadyIsRightFromTheFirstSecond runs kubectl wait on an order that
// has just been made: it must neither return before the order is Ready, nor miss
// that it is.
func TestWaitForReadyIsRightFromTheFirstSecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: 2 * time.Second}})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, w.kube.Kubectl(), "--kubeconfig", w.kube.KubeconfigPath(), "-n", w.namespace,
		"wait", "--for=condition=Ready", "zmaorder/"+name, "--timeout=110s").CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl wait: %v\n%s", err, out)
	}
	o, err := w.order(name)
	w.must(err)
	if !isReady(o) {
		t.Errorf("kubectl wait returned while the order is %s", conditions(o))
	}
	w.check(w.boughtOnce("1001"))
}

// TestEveryStatusKeepsTheRulesOfKstatus watches orders of many fates and judges
// each status that is ever stored, by what kstatus makes of it.
func TestEveryStatusKeepsTheRulesOfKstatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	watcher, err := w.client.Watch(context.Background(), &v1alpha1.ZMAOrderList{}, client.InNamespace(w.namespace))
	w.must(err)
	t.Cleanup(watcher.Stop)

	fates := map[string]string{
		"good": zmasim.ProductOK, "review": zmasim.ProductReviewThenSuccess, "gone": zmasim.ProductFor("product_unavailable"),
		"price": zmasim.ProductFor("max_price_exceeded"), "address": zmasim.ProductFor("shipping_address_refused"),
		"token": zmasim.ProductFor("account_locked"), "placed?": zmasim.ProductFor("order_probably_placed"),
	}
	w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity("lost"), Kind: zmasim.DropAfter, Times: 1})
	fates["lost"] = zmasim.ProductOK
	for id, product := range fates {
		w.send(shop.NewOrder(id, item(product)))
	}
	seen, ended := 0, map[string]bool{}
	deadline := time.After(patience)
	for len(ended) < len(fates) {
		select {
		case <-deadline:
			t.Fatalf("only %d of %d orders have come to an end", len(ended), len(fates))
		case e, open := <-watcher.ResultChan():
			if !open {
				t.Fatal("the watch has ended")
			}
			o, ok := e.Object.(*v1alpha1.ZMAOrder)
			if !ok || e.Type == watch.Deleted {
				continue
			}
			seen++
			judge(t, o)
			if isReady(o) || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled) {
				ended[o.Name] = true
			}
		}
	}
	if seen < 3*len(fates) {
		t.Errorf("only %d statuses were seen", seen)
	}
}

// judge checks what kstatus, and so kubectl wait, Flux and Argo CD, rely on.
func judge(t *testing.T, o *v1alpha1.ZMAOrder) {
	t.Helper()
	get := func(typ string) metav1.ConditionStatus {
		if c := meta.FindStatusCondition(o.Status.Conditions, typ); c != nil {
			return c.Status
		}
		return metav1.ConditionUnknown
	}
	ready, reconciling, stalled := get(v1alpha1.ConditionReady), get(v1alpha1.ConditionReconciling), get(v1alpha1.ConditionStalled)
	switch {
	case o.Status.ObservedGeneration == -1:
		if len(o.Status.Conditions) != 0 {
			t.Errorf("an order that nobody has seen has conditions: %s", conditions(o))
		}
	case o.Status.ObservedGeneration > o.Generation:
		t.Errorf("generation %d is observed as %d", o.Generation, o.Status.ObservedGeneration)
	case reconciling == metav1.ConditionTrue && stalled == metav1.ConditionTrue:
		t.Errorf("both reconciling and stalled: %s", conditions(o))
	case ready == metav1.ConditionTrue && (reconciling == metav1.ConditionTrue || stalled == metav1.ConditionTrue):
		t.Errorf("ready and not at rest: %s", conditions(o))
	case ready != metav1.ConditionTrue && reconciling != metav1.ConditionTrue && stalled != metav1.ConditionTrue:
		t.Errorf("neither ready, nor reconciling, nor stalled: %s", conditions(o))
	}
	for _, c := range o.Status.Conditions {
		if c.ObservedGeneration > o.Status.ObservedGeneration || c.Reason == "" {
			t.Errorf("condition %s speaks of generation %d, the status of %d", c.Type, c.ObservedGeneration, o.Status.ObservedGeneration)
		}
	}
}
