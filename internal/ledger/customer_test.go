package ledger_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// sent is order n of one customer, as the API server has it.
func sent(n int, at time.Time, change func(*v1alpha1.ZMAOrder)) *v1alpha1.ZMAOrder {
	id := identity(n)
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: id.Namespace, Name: v1alpha1.OrderNameFor(id.Source, id.ExternalID), UID: types.UID(fmt.Sprintf("uid-%d", n)),
			ResourceVersion: "1", CreationTimestamp: metav1.NewTime(at),
		},
		Spec: v1alpha1.ZMAOrderSpec{
			AccountRef: v1alpha1.LocalReference{Name: "main"}, Source: &v1alpha1.OrderSource{Name: id.Source, ExternalID: id.ExternalID},
			Items:    []v1alpha1.OrderItem{{ProductID: "B0EXAMPLE1", Quantity: 1}, {ProductID: "B0EXAMPLE2", Quantity: 2}},
			Customer: v1alpha1.Customer{ID: "customer-1"}, Total: v1alpha1.Money{Currency: "USD", AmountCents: 900},
			ShippingAddress: v1alpha1.Address{FirstName: "A", LastName: "B", Line1: "1 Main St", City: "C", PostalCode: "97204", Country: "US", Phone: "1"},
		},
	}
	if change != nil {
		change(o)
	}
	return o
}

func TestCustomerCountsOtherOrdersInTheirTime(t *testing.T) {
	d := newDB(t)
	for n, ago := range map[int]time.Duration{1: 30 * time.Hour, 2: 3 * time.Hour, 3: 10 * time.Minute, 4: 0} {
		d.clock.set(noon.Add(-ago))
		if _, err := d.Reserve(t.Context(), reservation(n, 1)); err != nil {
			t.Fatal(err)
		}
	}
	d.clock.set(noon.Add(-5 * time.Minute))
	other := reservation(5, 1)
	other.CustomerID = "customer-2"
	if _, err := d.Reserve(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	d.clock.set(noon)
	got, err := d.Customer(t.Context(), sent(4, noon, nil), 0)
	want := ledger.CustomerHistory{OrdersLastHour: 1, OrdersLastDay: 2, SpentLastDayCents: 2000}
	if err != nil || got != want {
		t.Errorf("Customer = %+v, %v; want %+v", got, err, want)
	}
}

func TestCustomerFindsDuplicates(t *testing.T) {
	for name, c := range map[string]struct {
		earlier func(*v1alpha1.ZMAOrder)
		ago     time.Duration
		found   bool
	}{
		"the same again":        {nil, 10 * time.Minute, true},
		"in another order":      {func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0], o.Spec.Items[1] = o.Spec.Items[1], o.Spec.Items[0] }, time.Minute, true},
		"in other letters":      {func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "1 MAIN ST" }, time.Minute, true},
		"before the window":     {nil, 2 * time.Hour, false},
		"another quantity":      {func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Quantity = 3 }, time.Minute, false},
		"another address":       {func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "2 Main St" }, time.Minute, false},
		"another total":         {func(o *v1alpha1.ZMAOrder) { o.Spec.Total.AmountCents = 901 }, time.Minute, false},
		"another customer":      {func(o *v1alpha1.ZMAOrder) { o.Spec.Customer.ID = "customer-2" }, time.Minute, false},
		"an order that is over": {func(o *v1alpha1.ZMAOrder) { stall(o, v1alpha1.ReasonRejected) }, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDB(t)
			earlier := sent(1, noon.Add(-c.ago), c.earlier)
			if err := d.Mirror(t.Context(), []ledger.Snapshot{{Order: earlier}, {Order: sent(2, noon, nil)}}); err != nil {
				t.Fatal(err)
			}
			got, err := d.Customer(t.Context(), sent(2, noon, nil), time.Hour)
			if err != nil || (got.DuplicateOf == earlier.Name) != c.found {
				t.Errorf("DuplicateOf = %q, %v; want found %t", got.DuplicateOf, err, c.found)
			}
		})
	}
}

func stall(o *v1alpha1.ZMAOrder, reason string) {
	o.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, LastTransitionTime: metav1.NewTime(noon)}}
}
