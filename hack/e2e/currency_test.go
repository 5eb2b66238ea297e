package e2e

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestAmountsOfAnotherCurrencyAreNeitherSpentNorBooked: 20.00 of one currency is not
// 20.00 of another.
func TestAmountsOfAnotherCurrencyAreNeitherSpentNorBooked(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{})}
	t.Run("an order in another currency than its account's is not bought", func(t *testing.T) {
		name := s.manual("other-currency", func(spec *v1alpha1.ZMAOrderSpec) { spec.Total.Currency = "MXN" })
		o := s.waitForReason(name, v1alpha1.ReasonInvalid)
		if m := readyMessage(o); !strings.Contains(m, "MXN") || !strings.Contains(m, "USD") {
			t.Errorf("the message does not name both currencies: %q", m)
		}
		s.expectCalls(s.manualIdentity(name), 0, 0, 0)
	})
	t.Run("what the account was charged is booked, not the retailer's price", func(t *testing.T) {
		o := s.waitFor(s.buy("foreign", zmasim.ProductForeign), "Ready", isReady)
		want := zmasim.Quote("cheapest", zmasim.Line{ProductID: zmasim.ProductForeign, Quantity: 1})
		got := o.Status.Cost.Actual
		if got.TotalCents != want.Total || got.SubtotalCents+got.ShippingCents+got.TaxCents+got.AdjustmentCents != want.Total {
			t.Errorf("the cost is %+v, the provider charged %d", *got, want.Total)
		}
		if n, err := s.count(`SELECT count(*) FROM zma_cost_tracking WHERE external_id = 'foreign' AND namespace = $1 AND total_cents = $2`, s.namespace, want.Total); err != nil || n != 1 {
			t.Errorf("%d rows of the books have what the provider charged: %v", n, err)
		}
	})
	t.Run("a price in another currency alone is not booked", func(t *testing.T) {
		name := s.buy("foreign-alone", zmasim.ProductForeignOnly)
		o := s.waitFor(name, "told in which currency its price is", func(o *v1alpha1.ZMAOrder) bool {
			return strings.Contains(readyMessage(o), "GBP")
		})
		s.stays(name, v1alpha1.ReasonCostPending, "its price is not in the account's currency")
		if o.Status.Cost != nil && o.Status.Cost.Actual != nil {
			t.Errorf("a cost is recorded: %+v", *o.Status.Cost.Actual)
		}
		s.expectCalls(s.identity("foreign-alone"), 1, 1, 1)
	})
}

func readyMessage(o *v1alpha1.ZMAOrder) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Message
	}
	return ""
}
