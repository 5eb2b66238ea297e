package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// providerTime is how long an order is with the provider.
const providerTime = 200 * time.Millisecond

// orders are the work: each is looked up, reserved, and settled or, one in four,
// released; each of its changes goes to the mirror.
type orders struct {
	ledger *ledger.Ledger
	mirror *mirror
	random *rand.Rand
	next   int
	began  time.Time

	mu                       sync.Mutex
	reserve, settle, release []time.Duration
}

// Next makes an order.
func (w *orders) Next() func(context.Context) string {
	w.next++
	o, fails := w.order(w.next), w.random.IntN(4) == 0
	return func(ctx context.Context) string {
		if err := w.run(ctx, o, fails); err != nil {
			return err.Error()
		}
		return ""
	}
}

func (w *orders) order(n int) *v1alpha1.ZMAOrder {
	id := fmt.Sprintf("order-%d", n)
	cents := int64(1000)
	return &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "bench", Name: v1alpha1.OrderNameFor("store", id), UID: types.UID(fmt.Sprintf("uid-%d", n)), Generation: 1,
			CreationTimestamp: metav1.NewTime(w.began), Finalizers: []string{v1alpha1.OrderFinalizer},
		},
		Spec: v1alpha1.ZMAOrderSpec{
			AccountRef: v1alpha1.LocalReference{Name: "main"}, Retailer: "amazon",
			Source: &v1alpha1.OrderSource{Name: "store", ExternalID: id},
			Items:  []v1alpha1.OrderItem{{ProductID: "B000000001", Quantity: 1, UnitPriceCents: &cents, Title: "Something good"}},
			ShippingAddress: v1alpha1.Address{
				FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland", State: "OR",
				PostalCode: "97204", Country: "US", Phone: "+15032234567",
			},
			Customer: v1alpha1.Customer{ID: fmt.Sprintf("customer-%d", n%500), Email: "ada@example.com"},
			Total:    v1alpha1.Money{Currency: "USD", AmountCents: cents},
		},
	}
}

func (w *orders) run(ctx context.Context, o *v1alpha1.ZMAOrder, fails bool) error {
	w.changed(o, 1, "")
	id := v1alpha1.IdentityOf(o)
	if _, err := w.ledger.History(ctx, id); err != nil {
		return err
	}
	plenty := int64(1) << 50
	r := ledger.Reservation{
		Identity: id, Name: o.Name, UID: string(o.UID), Attempt: 1, Account: o.Spec.AccountRef.Name, ProviderAccountID: "provider",
		IdempotencyKey: o.Name + "/1", CustomerID: o.Spec.Customer.ID, Currency: "USD", EstimateCents: 1000, MaxPriceCents: 1200,
		Limits: ledger.Limits{DailyCents: &plenty, MonthlyCents: &plenty, PerCustomerDailyCents: &plenty, AvailableCents: &plenty, AvailableAt: w.began, Timezone: "UTC"},
	}
	if err := w.timed(&w.reserve, func() error { _, err := w.ledger.Reserve(ctx, r); return err }); err != nil {
		return err
	}
	w.changed(o, 2, v1alpha1.ReasonSubmitting)
	w.changed(o, 3, v1alpha1.ReasonProcessing)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(providerTime):
	}
	if fails {
		end := ledger.Release{Identity: id, Attempt: 1, Outcome: ledger.OutcomeRefused, ErrorCode: "product_unavailable", Reason: v1alpha1.ReasonRejected, Actor: "controller", Record: []byte(`{"reason":"Rejected"}`)}
		err := w.timed(&w.release, func() error { return w.ledger.Release(ctx, end) })
		w.changed(o, 4, v1alpha1.ReasonRejected)
		return err
	}
	end := ledger.Settlement{
		Identity: id, Attempt: 1, RequestID: "req-" + o.Name, EstimateCents: 1000, Actor: "controller",
		Actual: v1alpha1.ActualCost{SubtotalCents: 900, ShippingCents: 100, TaxCents: 60, TotalCents: 1060}, Record: []byte(`{"reason":"Placed"}`),
	}
	err := w.timed(&w.settle, func() error { return w.ledger.Settle(ctx, end) })
	w.changed(o, 4, v1alpha1.ReasonPlaced)
	return err
}

// timed does one transaction. The time for a free connection counts.
func (w *orders) timed(into *[]time.Duration, f func() error) error {
	began := time.Now()
	err := f()
	took := time.Since(began)
	if errors.Is(err, ledger.ErrUnavailable) {
		return errors.New("unavailable")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	*into = append(*into, took)
	return err
}

// changed hands a version of the order to the mirror.
func (w *orders) changed(o *v1alpha1.ZMAOrder, version int, reason string) {
	o = o.DeepCopy()
	o.ResourceVersion = fmt.Sprint(version)
	if reason != "" {
		o.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, LastTransitionTime: metav1.NewTime(w.began)}}
	}
	w.mirror.add(o)
}
