package ledger_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestAPaymentPaysForOneOrder(t *testing.T) {
	d := newDB(t)
	claim := func(n int, reference string) bool {
		t.Helper()
		mine, err := d.ClaimPayment(t.Context(), identity(n), v1alpha1.PaymentProviderStripe, reference)
		if err != nil {
			t.Fatal(err)
		}
		return mine
	}
	first, again := claim(1, "pi_1"), claim(1, "pi_1")
	if !first || !again {
		t.Error("the first order does not get its payment, or not again")
	}
	if claim(2, "pi_1") {
		t.Error("a second order gets the payment, too")
	}
	if !claim(2, "pi_2") {
		t.Error("another payment is refused")
	}
}

func TestConcurrentOrdersGetAPaymentOnce(t *testing.T) {
	d := newDB(t)
	var got atomic.Int64
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			mine, err := d.ClaimPayment(t.Context(), identity(n), v1alpha1.PaymentProviderStripe, "pi_1")
			if err != nil {
				t.Error(err)
			}
			if mine {
				got.Add(1)
			}
		})
	}
	wg.Wait()
	if got.Load() != 1 {
		t.Errorf("%d orders got one payment", got.Load())
	}
}
