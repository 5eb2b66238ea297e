package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestVelocityHoldsWhenManyOrdersComeAtOnce: none of them can be seen by the check of
// another, so that the reservation is what decides.
func TestVelocityHoldsWhenManyOrdersComeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{policy: "strict"})
	w.policy(v1alpha1.OrderPolicySpec{
		Velocity:   perHour(1),
		Duplicates: &v1alpha1.DuplicateRule{Window: metav1.Duration{Duration: time.Hour}, Action: v1alpha1.PolicyDeny},
	})
	names := make([]string, 12)
	var all sync.WaitGroup
	for i := range names {
		all.Go(func() {
			o := usual(fmt.Sprintf("n%d", i))
			answer, err := w.sender.Send(context.Background(), "msg-"+o.ExternalID, o.JSON())
			w.check(err)
			names[i] = answer.Order()
		})
	}
	all.Wait()
	w.expectEnds(names, map[string]int{v1alpha1.ReasonPlaced: 1, v1alpha1.ReasonDenied: 11})
	w.expectAudited("denied", 11)
}

// TestVelocityHoldsForOrdersThatHaveWaited has a crowd pass its checks before the money
// is there, and lets a person decide about one that is held then.
func TestVelocityHoldsForOrdersThatHaveWaited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{policy: "strict"})
	w.policy(v1alpha1.OrderPolicySpec{Velocity: perHour(1)})
	names := w.crowdWithoutBudget(6)
	w.budget(10_000_000)
	w.expectEnds(names, map[string]int{v1alpha1.ReasonPlaced: 1, v1alpha1.ReasonAwaitingApproval: 5})
	w.expectAudited("review", 5)

	for _, name := range names {
		if o, err := w.order(name); err == nil && readyReason(o) == v1alpha1.ReasonAwaitingApproval {
			w.ask(name, "approve")
			w.waitForReason(name, v1alpha1.ReasonPlaced)
			break
		}
	}
	if n := len(w.sim.Record().Purchases); n != 2 {
		t.Errorf("%d purchases, want the first and the one that was approved", n)
	}
}

// TestVelocityIsJudgedByThePolicyAsItIsThen tightens the policy while an order waits.
func TestVelocityIsJudgedByThePolicyAsItIsThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{policy: "strict"})
	w.policy(v1alpha1.OrderPolicySpec{})
	names := w.crowdWithoutBudget(1)
	var p v1alpha1.OrderPolicy
	w.must(w.client.Get(t.Context(), w.key("strict"), &p))
	p.Spec.Rules = []v1alpha1.PolicyRule{{Name: "none", Expression: "true", Action: v1alpha1.PolicyDeny}}
	w.must(w.client.Update(t.Context(), &p))
	// One that comes after tells that the new rules are known.
	w.waitForReason(w.send(usual("later")), v1alpha1.ReasonDenied)
	w.budget(10_000_000)
	w.expectEnds(names, map[string]int{v1alpha1.ReasonDenied: 1})
}

func perHour(n int32) *v1alpha1.VelocityRule { return &v1alpha1.VelocityRule{OrdersPerHour: &n} }

// policy makes the policy that the world's orders have to pass.
func (w *world) policy(spec v1alpha1.OrderPolicySpec) {
	w.t.Helper()
	w.must(w.client.Create(w.t.Context(), &v1alpha1.OrderPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "strict"}, Spec: spec}))
}

// usual is what the same customer always orders.
func usual(id string) *shop.Order {
	o := shop.NewOrder(id, item(zmasim.ProductOK))
	o.Customer["id"] = "one-customer"
	return o
}

func (w *world) budget(dailyCents int64) {
	w.t.Helper()
	w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Budget = &v1alpha1.Budget{DailyCents: &dailyCents} })
}

// crowdWithoutBudget has orders of one customer wait for a budget.
func (w *world) crowdWithoutBudget(n int) (names []string) {
	w.t.Helper()
	w.budget(0)
	for i := range n {
		names = append(names, w.send(usual(fmt.Sprintf("w%d", i))))
	}
	for _, name := range names {
		w.waitForReason(name, v1alpha1.ReasonBudgetExceeded)
	}
	return names
}

// expectEnds waits until each order is bought or held, and counts them by reason.
func (w *world) expectEnds(names []string, want map[string]int) {
	w.t.Helper()
	got := map[string]int{}
	for _, name := range names {
		o := w.waitFor(name, "bought or held", func(o *v1alpha1.ZMAOrder) bool {
			switch readyReason(o) {
			case v1alpha1.ReasonPlaced, v1alpha1.ReasonDenied, v1alpha1.ReasonAwaitingApproval:
				return true
			}
			return false
		})
		got[readyReason(o)]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("the orders ended as %v, want %v", got, want)
	}
	if n := len(w.sim.Record().Purchases); n != want[v1alpha1.ReasonPlaced] {
		w.t.Errorf("%d purchases, want %d", n, want[v1alpha1.ReasonPlaced])
	}
}

// expectAudited waits until so many orders have an outcome of their check on record.
func (w *world) expectAudited(outcome string, want int) {
	w.t.Helper()
	var n int
	var err error
	if !eventually(func() bool {
		n, err = w.count(`SELECT count(DISTINCT object) FROM audit_log WHERE namespace = $1 AND action = 'decide' AND detail->>'outcome' = $2`, w.namespace, outcome)
		return err == nil && n == want
	}) {
		w.t.Errorf("%d orders are on record as %s, want %d: %v", n, outcome, want, err)
	}
}
