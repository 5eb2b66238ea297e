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

// reserveOf is the reservation of an order of sent.
func reserveOf(n int, o *v1alpha1.ZMAOrder) ledger.Reservation {
	r := reservation(n, 1)
	r.Name, r.CustomerID, r.Order = o.Name, o.Spec.Customer.ID, o
	return r
}

// TestCustomerFindsDuplicates among what was reserved, by the digest kept with it, and
// in the mirror where an earlier version has kept none.
func TestCustomerFindsDuplicates(t *testing.T) {
	for name, c := range map[string]struct {
		earlier func(*v1alpha1.ZMAOrder)
		ago     time.Duration
		found   bool
	}{
		"the same again":    {nil, 10 * time.Minute, true},
		"in another order":  {func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0], o.Spec.Items[1] = o.Spec.Items[1], o.Spec.Items[0] }, time.Minute, true},
		"in other letters":  {func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "1 MAIN ST" }, time.Minute, true},
		"before the window": {nil, 2 * time.Hour, false},
		"another quantity":  {func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Quantity = 3 }, time.Minute, false},
		"another product":   {func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].ProductID = "B0EXAMPLE3" }, time.Minute, false},
		"another address":   {func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "2 Main St" }, time.Minute, false},
		"another total":     {func(o *v1alpha1.ZMAOrder) { o.Spec.Total.AmountCents = 901 }, time.Minute, false},
		"another currency":  {func(o *v1alpha1.ZMAOrder) { o.Spec.Total.Currency = "CAD" }, time.Minute, false},
		"another customer":  {func(o *v1alpha1.ZMAOrder) { o.Spec.Customer.ID = "customer-2" }, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDB(t)
			earlier, later := sent(1, noon.Add(-c.ago), c.earlier), sent(2, noon, nil)
			look := func(where string, found bool) {
				t.Helper()
				got, err := d.Customer(t.Context(), later, time.Hour)
				if err != nil || (got.DuplicateOf == earlier.Name) != found {
					t.Errorf("%s: DuplicateOf = %q, %v; want found %t", where, got.DuplicateOf, err, found)
				}
			}
			d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: earlier}, {Order: later}}))
			look("mirrored, and not reserved", false)
			d.clock.set(noon.Add(-c.ago))
			d.mustReserve(reserveOf(1, earlier))
			d.clock.set(noon)
			look("reserved", c.found)
			d.must(d.exec(`UPDATE zma_cost_tracking SET contents_digest = NULL`))
			look("reserved by an earlier version", c.found)
			d.must(d.exec(`DELETE FROM order_items; DELETE FROM orders`))
			look("reserved by an earlier version, and not mirrored", false)
		})
	}
}

// TestAWindowCountsFromWhenTheOrderWasMade: one that has waited is a duplicate still.
func TestAWindowCountsFromWhenTheOrderWasMade(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reserveOf(1, sent(1, noon, nil)))
	waited := sent(2, noon.Add(30*time.Minute), nil)
	for hours, made := range map[int]*v1alpha1.ZMAOrder{5: waited, 0: waited} {
		d.clock.set(noon.Add(time.Duration(hours)*time.Hour + 31*time.Minute))
		if got, err := d.Customer(t.Context(), made, time.Hour); err != nil || got.DuplicateOf == "" {
			t.Errorf("after %d hours: %+v, %v", hours, got, err)
		}
	}
	d.must(d.Release(t.Context(), release(1, 1)))
	if got, err := d.Customer(t.Context(), waited, time.Hour); err != nil || got.DuplicateOf != "" {
		t.Errorf("one that was not bought: %+v, %v", got, err)
	}
}

func TestErasureTakesTheDigestWithTheNumber(t *testing.T) {
	for name, erase := range map[string]func(*db) error{
		"at once": func(d *db) error {
			d.clock.add(49 * time.Hour)
			_, err := d.EraseCustomer(d.t.Context(), "shop", person[0], "someone")
			return err
		},
		"once the limits of the day are over": func(d *db) error {
			if _, err := d.EraseCustomer(d.t.Context(), "shop", person[0], "someone"); err != nil {
				return err
			}
			d.clock.add(49 * time.Hour)
			_, err := d.EraseKept(d.t.Context())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDB(t)
			d.bought(1, true)
			d.sent()
			if n := value[int64](d, `SELECT count(contents_digest) FROM zma_cost_tracking`); n != 1 {
				t.Fatalf("%d digests to begin with", n)
			}
			d.must(erase(d))
			if n := value[int64](d, `SELECT count(*) FROM zma_cost_tracking WHERE contents_digest IS NOT NULL OR customer_id <> ''`); n != 0 {
				t.Errorf("%d rows are not erased", n)
			}
		})
	}
}
