package act

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

// hungry is an order that waits for funds, made so many seconds after noon.
func hungry(second int, priceCents int64) v1alpha1.ZMAOrder {
	o := v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("o%d", second), CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(second) * time.Second))}}
	o.Spec.MaxPriceCents = &priceCents
	condition.Progress(&o, v1alpha1.ReasonAwaitingFunds, "", metav1.NewTime(noon))
	condition.Set(&o, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonAwaitingFunds, "", metav1.NewTime(noon))
	return o
}

// TestMoneyGoesToTheOldestFirst: what older orders can have is not for younger ones,
// and an order that can't have any does not block.
func TestMoneyGoesToTheOldestFirst(t *testing.T) {
	reserved := hungry(1, 100)
	condition.Progress(&reserved, v1alpha1.ReasonSubmitting, "", metav1.NewTime(noon))
	refused := hungry(1, 100) // by the provider
	condition.Set(&refused, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonReleased, "", metav1.NewTime(noon))
	deleted := hungry(1, 100)
	deleted.DeletionTimestamp = &metav1.Time{Time: noon}
	twin := hungry(5, 100)
	twin.Name = "o4"
	for name, c := range map[string]struct {
		orders []v1alpha1.ZMAOrder
		free   int64
		want   int64
	}{
		"alone":                                 {nil, 1000, 0},
		"itself":                                {[]v1alpha1.ZMAOrder{hungry(5, 100)}, 1000, 0},
		"younger ones":                          {[]v1alpha1.ZMAOrder{hungry(6, 100), hungry(7, 100)}, 1000, 0},
		"older ones":                            {[]v1alpha1.ZMAOrder{hungry(2, 300), hungry(1, 100), hungry(9, 100)}, 1000, 400},
		"the oldest takes what the next lacks":  {[]v1alpha1.ZMAOrder{hungry(2, 300), hungry(1, 800)}, 1000, 800},
		"one that is too dear blocks nobody":    {[]v1alpha1.ZMAOrder{hungry(1, 2000), hungry(2, 300)}, 1000, 300},
		"there is nothing":                      {[]v1alpha1.ZMAOrder{hungry(1, 100)}, 0, 0},
		"of the same second, the first by name": {[]v1alpha1.ZMAOrder{twin}, 1000, 100},
		"no others":                             {[]v1alpha1.ZMAOrder{reserved, refused, deleted}, 1000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			me := hungry(5, 100)
			if got := olderClaims(&me, c.orders, v1alpha1.MaxPriceRule{}, c.free); got != c.want {
				t.Errorf("%d cents are for older orders, want %d", got, c.want)
			}
		})
	}
}
