package e2e

import (
	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// doubtIsNotFailure has the provider be in doubt whether it has bought, and the
// database fail right after a payment was verified.
func doubtIsNotFailure(s *scene) {
	doubtful := s.buy("n05-doubt", zmasim.ProductFor("order_probably_placed"))
	s.claimFails()
	o := s.waitForReason(doubtful, v1alpha1.ReasonSubmissionOutcomeUnknown)
	s.refused(doubtful, "retry", "not known whether")
	s.handled(doubtful, "now")
	s.readAgain(o.Status.Submission.RequestID, 3)
	s.expectCalls(s.identity("n05-doubt"), 1, 1, 1)
	s.stays(doubtful, v1alpha1.ReasonSubmissionOutcomeUnknown, "the provider is in doubt")
}

// claimFails cuts the connection to Postgres before and after the row that ties a
// payment to its order: nothing is sent without it, nobody is charged, and the
// payment pays once.
func (s *scene) claimFails() {
	s.t.Helper()
	const paid = "pi_n05"
	s.house.bank.set(paid, "succeeded")
	order := shop.NewOrder("n05-paid", item(zmasim.ProductOK))
	order.Payment = map[string]any{"provider": "stripe", "reference": paid, "amountCents": zmasim.PriceOf(zmasim.ProductOK)}
	hit := s.house.books.Arm(proxy.Point{Effect: proxy.PaymentClaim, Phase: proxy.Before}, func() {})
	name := s.send(order)
	s.sprung(hit)
	hit = s.house.books.Arm(proxy.Point{Effect: proxy.PaymentClaim, Phase: proxy.After}, func() {})
	s.sprung(hit)
	s.expectCalls(s.identity("n05-paid"), 0, 0, 0)
	s.waitFor(name, "Ready", isReady)
	s.expectCalls(s.identity("n05-paid"), 1, 1, 1)
	if readings, others := s.house.bank.asked(paid); readings < 2 || others != 0 {
		s.t.Errorf("Stripe was asked %d times for the payment, and for %d other things", readings, others)
	}
	order.ExternalID = "n05-again"
	s.waitForReason(s.send(order), v1alpha1.ReasonPaymentInvalid)
	s.expectCalls(s.identity("n05-again"), 0, 0, 0)
	if n, err := s.count("select count(*) from order_payments where reference = $1 and external_id = 'n05-paid'", paid); err != nil || n != 1 {
		s.t.Errorf("the payment is claimed %d times: %v", n, err)
	}
}
