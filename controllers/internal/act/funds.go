package act

import (
	"context"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

// IndexWaiting is the index, in the client's cache, of the orders that wait for funds
// by their account.
const IndexWaiting = "waitsForFunds"

// WaitsForFunds is that index's value of an order.
func WaitsForFunds(o client.Object) []string {
	order, ok := o.(*v1alpha1.ZMAOrder)
	if !ok || !waitsForFunds(order) {
		return nil
	}
	return []string{order.Spec.AccountRef.Name}
}

// olderPause is the pause of an order that leaves money to older ones, which were
// woken with it.
const olderPause = 2 * time.Second

// money is what a reservation is checked against, in minor units.
type money struct {
	// balance as it was read.
	balance reading
	// olderCents of it are for older orders that wait for funds.
	olderCents int64
}

// money reads the balance as far as needed, and what older orders have a claim to.
func (x *Executors) money(ctx context.Context, t *Task, priceCents int64) (money, error) {
	balance, err := x.balance(ctx, t.Account, priceCents)
	if err != nil || !balance.known {
		return money{balance: balance}, err
	}
	if t.Account.Status.WaitingCents == 0 && !waitsForFunds(t.Order) {
		return money{balance: balance}, nil
	}
	var orders v1alpha1.ZMAOrderList
	err = x.Client.List(ctx, &orders, client.InNamespace(t.Order.Namespace), client.MatchingFields{IndexWaiting: t.Account.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return money{}, &Transient{Err: err}
	}
	free := balance.cents - t.Account.Status.ReservedCents
	return money{balance: balance, olderCents: olderClaims(t.Order, orders.Items, t.Account.Spec.MaxPrice, free)}, nil
}

// olderClaims is the sum that older orders take from free when they go first: each
// that still fits takes its price. One that does not fit takes nothing: a single dear
// order must not hold all others.
func olderClaims(o *v1alpha1.ZMAOrder, orders []v1alpha1.ZMAOrder, rule v1alpha1.MaxPriceRule, free int64) int64 {
	var older []*v1alpha1.ZMAOrder
	for i := range orders {
		if other := &orders[i]; waitsForFunds(other) && before(other, o) < 0 {
			older = append(older, other)
		}
	}
	slices.SortFunc(older, before)
	var sum int64
	for _, other := range older {
		if price := MaxPrice(other, rule); price <= free-sum {
			sum += price
		}
	}
	return sum
}

// before orders by age; of the same second, by name, so that two never let each
// other go first.
func before(a, b *v1alpha1.ZMAOrder) int {
	if c := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// waitsForFunds tells whether the ledger refused an order for want of balance. One
// that the provider refused has its own pause and claims nothing.
func waitsForFunds(o *v1alpha1.ZMAOrder) bool {
	if condition.ReadyReason(o) != v1alpha1.ReasonAwaitingFunds || !o.DeletionTimestamp.IsZero() {
		return false
	}
	c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionFundsReserved)
	return c != nil && c.Reason == v1alpha1.ReasonAwaitingFunds
}
