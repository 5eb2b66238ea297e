package e2e

import (
	"net/http"
	"testing"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestASignedWebhookBecomesOnePurchase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	w.check(w.confirmed("1001"))
}

func TestARedeliveredWebhookIsAnsweredLikeTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	order := shop.NewOrder("1001", item(zmasim.ProductOK))
	name := w.send(order)
	again, err := w.sender.Send(t.Context(), "msg-other", order.JSON())
	w.must(err)
	if again.Status != http.StatusOK || again.Order() != name {
		t.Errorf("the redelivery answered %d %s, want 200 with %s", again.Status, again.Body, name)
	}
	order.Total["amountCents"] = 1
	other, err := w.sender.Send(t.Context(), "msg-third", order.JSON())
	w.must(err)
	if other.Status != http.StatusConflict {
		t.Errorf("another payload under the same ID answered %d, want 409", other.Status)
	}
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
}
