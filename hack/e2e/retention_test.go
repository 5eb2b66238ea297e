package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// leaves waits until an order has left the cluster by itself.
func (w *world) leaves(name, what string) {
	w.t.Helper()
	if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
		o, err := w.order(name)
		w.t.Fatalf("the order that %s does not leave: %v %s", what, err, conditions(o))
	}
}

// keptBy tells whether Postgres holds an order that is gone, with all it was made of.
func (w *world) keptBy(name string) {
	w.t.Helper()
	n, err := w.count("select count(*) from orders where name = $1 and deleted_at is not null and spec is not null and status is not null", name)
	if w.check(err); n != 1 {
		w.t.Errorf("Postgres holds %d orders of the name %s, want 1 with its documents", n, name)
	}
}

// TestFinishedOrdersLeaveTheClusterAndAreNotBoughtAgain lets finished orders leave and
// sends their webhooks again: each gets its recorded end written back, nothing is
// bought, and it leaves again. An order under way stays.
func TestFinishedOrdersLeaveTheClusterAndAreNotBoughtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Delivery: time.Second}, args: []string{"--retention=2s"}})
	orders := map[string]*shop.Order{
		"was bought":  shop.NewOrder("1001", item(zmasim.ProductOK)),
		"was refused": shop.NewOrder("1002", item(zmasim.ProductFor("product_unavailable"))),
		"is invalid":  shop.NewOrder("1003", item("no-product")),
	}
	open := w.send(shop.NewOrder("1004", item(zmasim.ProductStuck)))
	names := map[string]string{}
	for what, order := range orders {
		names[what] = w.send(order)
	}
	for what, name := range names {
		w.leaves(name, what)
		w.keptBy(name)
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	w.check(w.confirmed("1001"))

	sent := len(w.sim.Record().Purchases)
	for what, order := range orders {
		if again, err := w.sender.Send(t.Context(), "again-"+order.ExternalID, order.JSON()); err != nil || again.Order() != names[what] {
			t.Errorf("sent again, the order that %s answered %d %s, %v", what, again.Status, again.Body, err)
		}
	}
	for what, name := range names {
		w.leaves(name, what)
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	if n := len(w.sim.Record().Purchases); n != sent {
		t.Errorf("%d purchases after the webhooks were sent again, want %d", n, sent)
	}
	for _, want := range []struct {
		external, outcome string
	}{{"1001", "bought"}, {"1002", "refused"}, {"1003", "refused"}} {
		n, err := w.count("select count(*) from order_identities where external_id = $1 and outcome = $2", want.external, want.outcome)
		if w.check(err); n != 1 {
			t.Errorf("order %s is not on record as %s", want.external, want.outcome)
		}
	}
	if o, err := w.order(open); err != nil || readyReason(o) != v1alpha1.ReasonProcessing {
		t.Errorf("the order under way has not stayed: %v %s", err, conditions(o))
	}
	if n, err := w.count("select count(*) from audit_log where action = 'order.remove'"); err != nil || n < 6 {
		t.Errorf("%d removals in the audit trail, %v; want at least 6", n, err)
	}
}

// TestACustomerIsErasedOnceTheirOrdersHaveLeft runs the command: refused, with the
// order named, while that is in the cluster, and done when it has left.
func TestACustomerIsErasedOnceTheirOrdersHaveLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Delivery: time.Second}})
	order := shop.NewOrder("1001", item(zmasim.ProductOK))
	o := w.waitForReason(w.send(order), v1alpha1.ReasonDelivered)
	out, err := w.erase(o.Spec.Customer.ID)
	if err == nil || !bytes.Contains(out, []byte(o.Name)) || bytes.Contains(out, []byte(o.Spec.Customer.ID)) {
		t.Errorf("with the order in the cluster: %v %s", err, out)
	}
	w.must(w.client.Delete(t.Context(), o))
	w.leaves(o.Name, "was deleted")
	w.check(w.confirmed("1001"))
	if !eventually(func() bool {
		out, err = w.erase(o.Spec.Customer.ID)
		return err == nil
	}) || !bytes.Contains(out, []byte("erased: 1 orders")) {
		t.Fatalf("%v %s", err, out)
	}
	n, err := w.count("select count(*) from orders where strpos(to_jsonb(orders)::text, $1) > 0 or strpos(to_jsonb(orders)::text, $2) > 0",
		o.Spec.ShippingAddress.LastName, o.Spec.Customer.Email)
	if w.check(err); n != 0 {
		t.Error("the mirror still holds the customer")
	}
	w.check(w.accountedOnce("1001"))
}

// erase runs the command, and gives what it said.
func (w *world) erase(customer string) ([]byte, error) {
	w.t.Helper()
	c := exec.CommandContext(w.t.Context(), shared.binary, "erase", "--customer", customer, "-n", w.namespace)
	c.Env = append(os.Environ(), "DATABASE_URL="+w.database, "KUBECONFIG="+w.kube.KubeconfigPath())
	return c.CombinedOutput()
}
