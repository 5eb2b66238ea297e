package e2e

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/kstatus"
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

// TestStatusesOfManyFatesKeepTheRulesOfKstatus lets orders meet many fates; the
// world judges each status on the way. It shows that there were some to judge.
func TestStatusesOfManyFatesKeepTheRulesOfKstatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	fates := map[string]string{
		"good": zmasim.ProductOK, "review": zmasim.ProductReviewThenSuccess, "gone": zmasim.ProductFor("product_unavailable"),
		"price": zmasim.ProductFor("max_price_exceeded"), "address": zmasim.ProductFor("shipping_address_refused"),
		"token": zmasim.ProductFor("account_locked"), "placed?": zmasim.ProductFor("order_probably_placed"), "lost": zmasim.ProductOK,
	}
	w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity("lost"), Kind: zmasim.DropAfter, Times: 1})
	for id, product := range fates {
		name := w.send(shop.NewOrder(id, item(product)))
		w.waitFor(name, "at an end", func(o *v1alpha1.ZMAOrder) bool {
			return isReady(o) || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled)
		})
	}
	if n := w.judged.Load(); n < int64(3*len(fates)) {
		t.Errorf("only %d statuses were judged", n)
	}
}

// judge watches the world's orders and checks each status that is ever stored by
// the rules of kstatus, which kubectl wait, Flux and Argo CD rely on.
func (w *world) judge() {
	w.t.Helper()
	watcher, err := w.client.Watch(context.Background(), &v1alpha1.ZMAOrderList{}, client.InNamespace(w.namespace))
	w.must(err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e := range watcher.ResultChan() {
			o, ok := e.Object.(*v1alpha1.ZMAOrder)
			if !ok || e.Type == watch.Deleted {
				continue
			}
			w.judged.Add(1)
			if err := kstatus.CheckOrder(o); err != nil {
				w.t.Errorf("a status of order %s breaks the rules: %v; %s", o.Name, err, conditions(o))
			}
		}
	}()
	w.t.Cleanup(func() {
		watcher.Stop()
		<-ended
	})
}
