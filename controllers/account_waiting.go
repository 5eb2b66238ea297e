package controllers

import (
	"context"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
)

// count says how many orders wait and how the circuit stands, and gives the pause
// until the balance is read again: reading it is the probe of an open circuit.
func (r *AccountReconciler) count(ctx context.Context, account *v1alpha1.ZMAAccount) (time.Duration, waitingOrders, error) {
	gate, err := r.gates.For(ctx, account)
	if err != nil {
		return 0, waitingOrders{}, err
	}
	var orders v1alpha1.ZMAOrderList
	err = r.client.List(ctx, &orders, client.InNamespace(account.Namespace), client.MatchingFields{indexAccount: account.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return 0, waitingOrders{}, err
	}
	w := countWaiting(orders.Items, account.Spec.MaxPrice)
	account.Status.OrdersWaiting = w.all
	state, _ := gate.Circuit()
	circuit(account, state, r.now())
	if state == pace.Closed {
		return act.BalancePoll(account), w, nil
	}
	return min(act.BalancePoll(account), pace.ProbePause(account)), w, nil
}

// waitingOrders of an account.
type waitingOrders struct {
	// all that wait for the account or its provider.
	all int32
	// funds is how many of them wait for funds, and fundsCents the sum of their
	// maximum prices in minor units.
	funds      int
	fundsCents int64
}

func countWaiting(orders []v1alpha1.ZMAOrder, rule v1alpha1.MaxPriceRule) (w waitingOrders) {
	for i := range orders {
		reason := condition.ReadyReason(&orders[i])
		if slices.Contains(waitingReasons(), reason) {
			w.all++
		}
		if reason == v1alpha1.ReasonAwaitingFunds {
			w.funds++
			w.fundsCents += act.MaxPrice(&orders[i], rule)
		}
	}
	return w
}

// waitingReasons are those of orders that wait for their account or its provider.
func waitingReasons() []string {
	return []string{
		v1alpha1.ReasonAwaitingFunds, v1alpha1.ReasonBudgetExceeded, v1alpha1.ReasonThrottled, v1alpha1.ReasonProviderUnavailable,
		v1alpha1.ReasonResolvingSubmission, v1alpha1.ReasonRetryScheduled,
	}
}
