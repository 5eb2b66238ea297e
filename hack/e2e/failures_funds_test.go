package e2e

import (
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// fundsRelease has an order lack one cent, then none; nobody touches it.
func fundsRelease(s *scene) {
	s.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Balance.PollInterval = &metav1.Duration{Duration: time.Second} })
	price := zmasim.Quote("cheapest", zmasim.Line{ProductID: zmasim.ProductOK, Quantity: 1}).Total
	s.balance(price - 1)
	name := s.manual("n11", func(spec *v1alpha1.ZMAOrderSpec) { spec.MaxPriceCents = &price })
	o := s.waitForReason(name, v1alpha1.ReasonAwaitingFunds)
	if meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled) {
		s.t.Errorf("an order that waits for funds is stalled: %s", conditions(o))
	}
	s.expectCalls(s.manualIdentity(name), 0, 0, 0)
	s.sim.SetBalance(price)
	s.waitFor(name, "Ready, now that the balance is what it needs", isReady)
	s.expectCalls(s.manualIdentity(name), 1, 1, 1)

	s.balance(10_000_000)
	short := s.buy("n11-code", zmasim.ProductFor("insufficient_zma_balance"))
	for range 2 { // it goes on trying
		o = s.waitForReason(short, v1alpha1.ReasonAwaitingFunds)
		attempt := o.Status.Submission.Attempt
		if meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled) {
			s.t.Errorf("the provider's lack of funds ends the order: %s", conditions(o))
		}
		s.waitFor(short, "tried again", func(o *v1alpha1.ZMAOrder) bool { return o.Status.Submission.Attempt > attempt })
	}
	s.waitFor(s.buy("n11-once", zmasim.ProductFailOnce("insufficient_zma_balance")), "Ready", isReady)
	s.expectCalls(s.identity("n11-once"), 2, 2, 1)
}

// balance sets the provider's balance and waits until the account has read it.
func (s *scene) balance(cents int64) {
	s.t.Helper()
	s.sim.SetBalance(cents)
	if !eventually(func() bool { b := s.account().Status.BalanceCents; return b != nil && *b == cents }) {
		s.t.Fatalf("the balance of %d cents is not read", cents)
	}
}

// whatCountsAsAccepted has an order without a payment, and refusals that come with
// HTTP 200.
func whatCountsAsAccepted(s *scene) {
	free := s.buy("n12-free", zmasim.ProductOK)
	wanted := map[string]string{"product_unavailable": v1alpha1.ReasonRejected, "max_price_exceeded": v1alpha1.ReasonNeedsDecision}
	for code, reason := range wanted {
		o := s.waitForReason(s.buy("n12-"+code, zmasim.ProductRefused(code)), reason)
		for _, r := range s.paidCalls(s.identity("n12-" + code)) {
			if r.Status != http.StatusOK {
				s.t.Errorf("the refusal came with HTTP %d: nothing is shown", r.Status)
			}
		}
		sub := o.Status.Submission
		if sub.State != v1alpha1.SubmissionRejected || sub.ErrorCode != code || sub.RequestID != "" || went(o, v1alpha1.ReasonProcessing) {
			s.t.Errorf("a refusal was taken for an acceptance: %+v, %+v", sub, o.Status.History)
		}
		s.expectCalls(s.identity("n12-"+code), 1, 1, 0)
	}
	o := s.waitFor(free, "Ready", isReady)
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionPaymentVerified); c == nil || c.Reason != v1alpha1.ReasonNotRequired {
		s.t.Errorf("an order without a payment: %s", conditions(o))
	}
	s.check(s.boughtOnce("n12-free"))
}
