package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// stripeKey is made up here.
const stripeKey = "rk_test_planted"

// stripe answers for PaymentIntents as Stripe does, by their status.
type stripe struct {
	mu      sync.Mutex
	intents map[string]string
}

func (s *stripe) set(id, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intents[id] = status
}

func (s *stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/v1/payment_intents/")
	status, known := s.intents[id]
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+stripeKey:
		w.WriteHeader(http.StatusUnauthorized)
	case !known:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error":{"code":"resource_missing"}}`))
	default:
		received, cents := 0, int(zmasim.PriceOf(zmasim.ProductOK))
		if status == "succeeded" {
			received = cents
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"object": "payment_intent", "id": id, "status": status, "amount": cents, "amount_received": received, "currency": "usd", "livemode": false,
			"latest_charge": map[string]any{"object": "charge", "id": "ch_" + id, "status": "succeeded", "captured": status == "succeeded", "amount_refunded": 0, "refunded": false, "disputed": false},
		})
	}
}

// TestNothingIsBoughtWithoutThePayment has orders paid, authorised only, not paid
// at all, and paid with another order's payment.
func TestNothingIsBoughtWithoutThePayment(t *testing.T) {
	t.Parallel()
	bank := &stripe{intents: map[string]string{"pi_paid": "succeeded", "pi_held": "requires_capture"}}
	server := httptest.NewServer(bank)
	t.Cleanup(server.Close)
	w := newWorld(t, settings{stripeURL: server.URL})
	order := func(id, reference string) string {
		o := shop.NewOrder(id, item(zmasim.ProductOK))
		o.Payment = map[string]any{"provider": "stripe", "reference": reference, "amountCents": zmasim.PriceOf(zmasim.ProductOK)}
		return w.send(o)
	}
	w.waitFor(order("paid", "pi_paid"), "Ready", isReady)
	held := order("held", "pi_held")
	w.waitForReason(held, v1alpha1.ReasonPaymentPending)
	w.waitForReason(order("unpaid", "pi_unknown_test"), v1alpha1.ReasonPaymentInvalid)
	w.waitForReason(order("again", "pi_paid"), v1alpha1.ReasonPaymentInvalid)
	if n := len(w.sim.Record().Purchases); n != 1 {
		t.Errorf("%d purchases, want the paid one", n)
	}
	bank.set("pi_held", "succeeded")
	w.waitFor(held, "Ready once it is captured", isReady)
	w.check(w.boughtOnce("held"))
}
