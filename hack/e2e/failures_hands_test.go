package e2e

import (
	"fmt"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// countersLast lets an order be refused up to its limit, with all kinds of events
// in between, and then once more by hand.
func countersLast(s *scene) {
	const limit = 3 // attempts for internal_error, by the table of codes
	name := s.buy("n09", zmasim.ProductFor("internal_error"))
	for n := int64(1); n <= limit; n++ {
		s.refusedTimes(name, n, n)
		if n == limit {
			break
		}
		s.disturb(name, n)
		s.refusedTimes(name, n, n)
		s.waitForReason(name, v1alpha1.ReasonRetryScheduled)
		s.handled(name, fmt.Sprintf("now@%d", n))
	}
	s.waitForReason(name, v1alpha1.ReasonRetriesExhausted)
	s.disturb(name, limit)
	s.handled(name, "now@more")
	s.stays(name, v1alpha1.ReasonRetriesExhausted, "the limit is reached")
	s.expectCalls(s.identity("n09"), limit, limit, 0)
	// A person may go on, and the count begins anew.
	s.handled(name, "retry")
	s.refusedTimes(name, 1, limit+1)
	s.waitForReason(name, v1alpha1.ReasonRetryScheduled)
	s.expectCalls(s.identity("n09"), limit+1, limit+1, 0)
}

// refusedTimes waits for a count of refusals in a row at an attempt.
func (s *scene) refusedTimes(name string, rejections, attempt int64) {
	s.t.Helper()
	s.waitFor(name, fmt.Sprintf("refused %d times in attempt %d", rejections, attempt), func(o *v1alpha1.ZMAOrder) bool {
		return o.Status.Recovery != nil && o.Status.Recovery.Rejections == rejections &&
			o.Status.Submission.Attempt == attempt && o.Status.Submission.State == v1alpha1.SubmissionRejected
	})
}

// disturb has an order get callbacks, an edit, and a request that is refused.
func (s *scene) disturb(name string, n int64) {
	s.t.Helper()
	for _, u := range s.callbackURLs(s.identity("n09"), n) {
		s.genuine(u, `{"_type":"error","code":"internal_error"}`)
	}
	s.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Labels = map[string]string{"touched": fmt.Sprint(n)} })
	s.refused(name, fmt.Sprintf("approve@%d", n), "AwaitingApproval")
}

// handsTellTheTruth asks for what can't be done, for what can, and for nothing of a
// bystander.
func handsTellTheTruth(s *scene) {
	product := zmasim.ProductFailOnce("max_price_exceeded")
	bystander := s.buy("n10-bystander", product)
	name := s.buy("n10", product)
	s.waitForReason(bystander, v1alpha1.ReasonNeedsDecision)
	s.waitForReason(name, v1alpha1.ReasonNeedsDecision)
	s.refused(name, "resolve", "No paid call")
	s.refused(name, "adopt:ffffffffffffffffffffffffffffffff", "does not know")
	s.expectCalls(s.identity("n10"), 1, 1, 0)

	s.handled(name, "retry")
	o := s.waitFor(name, "Ready", isReady)
	// The first key would have got the first answer again.
	s.expectCalls(s.identity("n10"), 2, 2, 1)
	if keys := s.sim.Record().KeysOf(s.identity("n10")); o.Status.Submission.IdempotencyKey != keys[1] {
		s.t.Errorf("the status has key %s, the second call had %s", o.Status.Submission.IdempotencyKey, keys[1])
	}
	s.refused(name, "retry@2", "accepted")
	s.expectCalls(s.identity("n10"), 2, 2, 1)

	s.expectCalls(s.identity("n10-bystander"), 1, 1, 0)
	b, err := s.order(bystander)
	s.must(err)
	if r := b.Status.Recovery; readyReason(b) != v1alpha1.ReasonNeedsDecision || (r != nil && r.LastHandledRequest != "") {
		s.t.Errorf("what was asked of one order was done to another: %+v", r)
	}
}
