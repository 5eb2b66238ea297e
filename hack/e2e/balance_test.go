package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// oneCosts is what one order of the good product costs, in cents.
func oneCosts() int64 {
	return zmasim.Quote("cheapest", zmasim.Line{ProductID: zmasim.ProductOK, Quantity: 1}).Total
}

// upTo makes an order of the good product with a maximum price.
func (s *scene) upTo(name string, maxPriceCents int64) string {
	s.t.Helper()
	return s.manual(name, func(spec *v1alpha1.ZMAOrderSpec) { spec.MaxPriceCents = &maxPriceCents })
}

// balanceReadings counts how often the provider was asked for the balance.
func (s *scene) balanceReadings() (n int) {
	for _, r := range s.sim.Record().Requests {
		if strings.HasSuffix(r.Path, "/balance") {
			n++
		}
	}
	return n
}

// alertRows counts the rows of a kind, open or resolved, whose summary holds a text.
func (s *scene) alertRows(kind string, open bool, summary string) int {
	s.t.Helper()
	n, err := s.count(`SELECT count(*) FROM admin_alerts WHERE kind = $1 AND (resolved_at IS NULL) = $2 AND summary LIKE '%' || $3 || '%'
		AND namespace = $4 AND runbook = 'docs/runbooks/ZMA' || kind || '.md' AND occurrences > 0`, kind, open, summary, s.namespace)
	s.must(err)
	return n
}

// expectAlert waits until one row of a kind is open, or resolved, and checks that
// there is no other.
func (s *scene) expectAlert(kind string, open bool, summary string) {
	s.t.Helper()
	if !eventually(func() bool { return s.alertRows(kind, open, summary) == 1 }) {
		s.t.Fatalf("%d alerts %s with %q, open: %t; want one", s.alertRows(kind, open, summary), kind, summary, open)
	}
	if n := s.alertRows(kind, !open, ""); n != 0 {
		s.t.Fatalf("%d other alerts %s, open: %t", n, kind, !open)
	}
}

// expectTransfer waits until status and condition recommend a transfer.
func (s *scene) expectTransfer(cents int64, reason string) {
	s.t.Helper()
	text := "Recommended transfer: " + inUnits(cents)
	var a *v1alpha1.ZMAAccount
	found := eventually(func() bool {
		a = s.account()
		c := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionBalanceSufficient)
		got := a.Status.RecommendedTransferCents
		return got != nil && *got == cents && c != nil && c.Reason == reason && strings.Contains(c.Message, text) == (cents > 0)
	})
	if !found {
		s.t.Fatalf("a transfer of %d is not recommended as %s: %+v", cents, reason, a.Status)
	}
}

func inUnits(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// TestFundsRunOutAndReturn lets the balance of an account fall until orders wait, and
// then pays in: for one order after the other, and at last what is recommended.
func TestFundsRunOutAndReturn(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{})}
	one := oneCosts()
	low, critical := 5*one, 3*one
	s.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Balance = v1alpha1.BalanceRule{LowCents: &low, CriticalCents: &critical, PollInterval: &metav1.Duration{Duration: time.Second}}
	})
	s.balance(10 * one)
	s.expectTransfer(0, v1alpha1.ReasonSucceeded)
	if n := s.alertRows("BalanceLow", true, "") + s.alertRows("BalanceCritical", true, ""); n != 0 {
		t.Fatalf("%d alerts while there is enough", n)
	}
	s.balance(4 * one)
	s.expectTransfer(one, v1alpha1.ReasonBalanceLow)
	s.expectAlert("BalanceLow", true, inUnits(one))

	s.balance(one - 1)
	s.expectAlert("BalanceLow", false, "")
	var waiting []string
	for i := range 3 {
		name := s.upTo(fmt.Sprintf("waiting-%d", i), one)
		s.waitForReason(name, v1alpha1.ReasonAwaitingFunds)
		waiting = append(waiting, name)
	}
	s.expectTransfer(3*one+low-(one-1), v1alpha1.ReasonBalanceCritical)
	s.expectAlert("BalanceCritical", true, inUnits(3*one+low-(one-1)))

	for i, name := range waiting {
		s.sim.SetBalance(one)
		s.waitFor(name, "Ready, as the oldest that waits", isReady)
		s.expectCalls(s.manualIdentity(name), 1, 1, 1)
		for _, younger := range waiting[i+1:] {
			s.expectCalls(s.manualIdentity(younger), 0, 0, 0)
		}
	}
	s.expectTransfer(low, v1alpha1.ReasonBalanceCritical)
	s.expectAlert("BalanceCritical", true, inUnits(low))
	s.sim.SetBalance(low)
	s.expectTransfer(0, v1alpha1.ReasonSucceeded)
	s.expectAlert("BalanceCritical", false, "")
	s.expectAlert("BalanceLow", false, "")
}

// TestALargeSpendReadsTheBalanceFirst has somebody else spend the balance between two
// polls: an order that is small against it goes without a look, and a large one does
// not trust what the status says.
func TestALargeSpendReadsTheBalanceFirst(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{})}
	one := oneCosts()
	large := 20 * one
	s.balance(100 * one)
	s.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Balance.PollInterval = &metav1.Duration{Duration: time.Hour} })
	if !eventually(func() bool { a := s.account(); return a.Status.ObservedGeneration == a.Generation }) {
		t.Fatal("the account's change is not taken over")
	}
	before := s.balanceReadings()
	s.waitFor(s.upTo("small", one), "Ready", isReady)
	if n := s.balanceReadings() - before; n != 0 {
		t.Errorf("the balance was read %d times for a small order", n)
	}

	s.sim.SetBalance(large - 1)
	held := s.upTo("large", large)
	s.waitForReason(held, v1alpha1.ReasonAwaitingFunds)
	if n := s.balanceReadings() - before; n == 0 {
		t.Error("the balance was not read before a large spend")
	}
	s.expectCalls(s.manualIdentity(held), 0, 0, 0)
	if !eventually(func() bool { b := s.account().Status.BalanceCents; return b != nil && *b == large-1 }) {
		t.Error("the account does not say what the order has found")
	}

	s.sim.SetBalance(3 * large)
	next := s.upTo("next", large)
	s.waitFor(next, "Ready, as there is enough for both", isReady)
	s.waitFor(held, "Ready, woken by the order that has found the money", isReady)
	s.expectCalls(s.manualIdentity(next), 1, 1, 1)
	s.expectCalls(s.manualIdentity(held), 1, 1, 1)
}

// TestACostFarFromItsEstimateIsToldOnce: tax alone is far when nothing is allowed.
func TestACostFarFromItsEstimateIsToldOnce(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{})}
	s.waitFor(s.buy("usual", zmasim.ProductOK), "Ready", isReady)
	s.changeAccount(func(a *v1alpha1.ZMAAccount) {
		a.Spec.Variance = v1alpha1.VarianceRule{Percent: new(int32), FixedCents: new(int64)}
	})
	if !eventually(func() bool { a := s.account(); return a.Status.ObservedGeneration == a.Generation }) {
		t.Fatal("the account's change is not taken over")
	}
	o := s.waitFor(s.buy("dear", zmasim.ProductOK), "Ready", isReady)
	if o.Status.Cost.VarianceCents == nil || *o.Status.Cost.VarianceCents == 0 {
		t.Fatalf("the order cost what was expected, so nothing is shown: %+v", o.Status.Cost)
	}
	s.expectAlert("CostVariance", true, inUnits(*o.Status.Cost.VarianceCents))
	n, err := s.count(`SELECT occurrences FROM admin_alerts WHERE kind = 'CostVariance' AND severity = 'warning' AND object = $1`, o.Name)
	s.must(err)
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}
