package payment

import (
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestUnpaidNeverLetsAPaymentPassUnverified(t *testing.T) {
	for name, c := range map[string]struct {
		payment v1alpha1.Payment
		want    State
	}{
		"no payment":            {v1alpha1.Payment{Provider: v1alpha1.PaymentProviderNone}, NotRequired},
		"a default":             {v1alpha1.Payment{}, NotRequired},
		"a payment of Stripe's": {v1alpha1.Payment{Provider: v1alpha1.PaymentProviderStripe, Reference: "pi_1"}, Invalid},
		"a reference that contains the word test":  {v1alpha1.Payment{Provider: v1alpha1.PaymentProviderStripe, Reference: "pi_test_1"}, Invalid},
		"a provider that nobody has ever heard of": {v1alpha1.Payment{Provider: "other", Reference: "x"}, Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			o := &v1alpha1.ZMAOrder{Spec: v1alpha1.ZMAOrderSpec{Payment: c.payment}}
			got, err := Unpaid{}.Verify(t.Context(), o)
			if err != nil || got.State != c.want || got.Reason == "" {
				t.Errorf("Verify = %+v, %v; want %s", got, err, c.want)
			}
		})
	}
}
