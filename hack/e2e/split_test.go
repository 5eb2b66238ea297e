package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestSeparateProcessesWithTheirOwnRights runs endpoint and controller as the
// manifests do: two processes, each with the rights of its service account, the
// controller with a lease. A poll comes only every hour, so a callback must have
// travelled from one to the other through Postgres.
func TestSeparateProcessesWithTheirOwnRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{split: true, poll: time.Hour})
	good := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	refused := w.send(shop.NewOrder("1002", item(zmasim.ProductFor("product_unavailable"))))
	o := w.waitFor(good, "Ready", isReady)
	w.waitForReason(refused, v1alpha1.ReasonRejected)
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	w.check(w.confirmed("1001"))
	w.must(w.client.Delete(t.Context(), o))
	if !eventually(func() bool { _, err := w.order(good); return err != nil }) {
		t.Error("the controller's rights do not let a finished order go")
	}
	rows, err := w.count("select count(*) from webhook_deliveries where route = 'callbacks'")
	if err != nil || rows == 0 {
		t.Errorf("%d callbacks in the delivery log: %v", rows, err)
	}
}

// split starts the two processes with the manifests' roles.
func (w *world) split(o operator.Options) {
	w.t.Helper()
	kubectl := func(args ...string) []byte {
		w.t.Helper()
		out, err := exec.CommandContext(w.t.Context(), w.kube.Kubectl(), append([]string{"--kubeconfig", w.kube.KubeconfigPath()}, args...)...).CombinedOutput()
		if err != nil {
			w.t.Fatalf("kubectl %v: %v\n%s", args, err, out)
		}
		return out
	}
	kubectl("apply", "--server-side", "-f", filepath.Join(stack.Root(), "config", "default", "namespace.yaml"))
	kubectl("apply", "--server-side", "-k", filepath.Join(stack.Root(), "config", "rbac"))

	as := func(account string) string {
		w.t.Helper()
		transport, err := rest.TransportFor(w.kube.User("system:serviceaccount:zma-system:"+account, "system:serviceaccounts", "system:authenticated"))
		w.must(err)
		return w.kubeconfig(w.http(w.kube.Config().Host, transport, proxy.OrderWrites).URL())
	}
	namespace := o.Args[0]
	controller, webhook := o, o
	controller.Command, controller.Kubeconfig, controller.WebhookAddr = "controller", as("zma-controller"), "127.0.0.1:0"
	controller.Args = append([]string{"--leader-elect", "--leader-election-namespace=zma-system"}, o.Args...)
	webhook.Command, webhook.Kubeconfig, webhook.Args = "webhook", as("zma-webhook"), []string{namespace}
	w.operator = w.start(controller)
	w.start(webhook)
}
