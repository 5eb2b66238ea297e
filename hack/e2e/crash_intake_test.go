package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// intake are the ways of an order into the cluster and up to its reservation.
func intake() []story {
	return []story{
		{
			name: "webhook", points: at(proxy.Creation, proxy.DeliveryRow),
			act: func(w *world, _ string) string {
				o := shop.NewOrder(orderID, item(zmasim.ProductOK))
				// Without an answer the sender does not know whether the order was taken.
				_, _ = w.sender.Send(w.t.Context(), "msg-"+orderID, o.JSON())
				return ""
			},
			then: resend, end: bought(),
		},
		{
			name: "made by hand", points: at(proxy.Finalizer),
			act: func(w *world, _ string) string { return w.byHand("by-hand", -time.Minute) },
			end: bought().with(func(e *end) { e.Mails = "" }), // it has no address to write to
		},
		{
			name: "payment", stripe: true, points: at(proxy.PaymentClaim),
			act: func(w *world, _ string) string { return w.send(paid(orderID)) },
			end: bought(), check: func(w *world, _ string) error { return w.claimedOnce() },
		},
		{
			name: "version 2", settings: settings{v2: true}, points: at(proxy.Intent, proxy.PaidCall, proxy.Outcome),
			act: sends(zmasim.ProductOK), end: bought(),
		},
		{
			name: "made again", points: at(proxy.Placement),
			begin: func(w *world) string {
				name := sends(zmasim.ProductOK)(w, "")
				w.must(w.comesTo(name, bought()))
				w.remove(name)
				return name
			},
			act: sends(zmasim.ProductOK), end: bought(),
		},
		{
			name: "delivery", settings: settings{sim: zmasim.Options{Delivery: 2 * time.Second}}, points: at(proxy.Tracking),
			act: sends(zmasim.ProductOK), end: bought().with(func(e *end) { e.Reason, e.Mirror = "Delivered", "Delivered" }),
		},
	}
}

// resend delivers the webhook again, as a sender without an answer does.
func resend(w *world, _ string) string {
	w.t.Helper()
	o := shop.NewOrder(orderID, item(zmasim.ProductOK))
	answer, err := w.sender.Send(w.t.Context(), "msg-"+orderID, o.JSON())
	w.must(err)
	if answer.Status != http.StatusAccepted && answer.Status != http.StatusOK {
		w.t.Fatalf("the repeated webhook is answered %d: %s", answer.Status, answer.Body)
	}
	return answer.Order()
}

func paid(externalID string) *shop.Order {
	o := shop.NewOrder(externalID, item(zmasim.ProductOK))
	o.Payment = map[string]any{"provider": "stripe", "reference": "pi_paid", "amountCents": zmasim.PriceOf(zmasim.ProductOK)}
	return o
}

// paidBank is where one payment has been made.
func paidBank(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(&stripe{intents: map[string]string{"pi_paid": "succeeded"}})
	t.Cleanup(server.Close)
	return server.URL
}

func (w *world) claimedOnce() error {
	n, err := w.count("select count(*) from order_payments where external_id = $1", orderID)
	if err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("the payment is claimed %d times", n))
	}
	return nil
}
