package e2e

import (
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// slowIsNotFailed reads orders that the provider works on again and again, and
// one that is placed, and looks at what was asked for.
func slowIsNotFailed(s *scene) {
	slow, stuck := s.buy("n08-slow", zmasim.ProductSlow), s.buy("n08-stuck", zmasim.ProductStuck)
	reviewed := s.buy("n08-review", zmasim.ProductReviewThenSuccess)
	o := s.waitForReason(stuck, v1alpha1.ReasonProcessing)
	for _, name := range []string{slow, reviewed} {
		done := s.waitFor(name, "Ready", isReady)
		s.readAgain(done.Status.Submission.RequestID, 1) // by now it has merchant order IDs
		if done.Status.Placement.MerchantOrderIDs[0] == "" {
			s.t.Error("the placed order has no merchant order ID that could be mistaken")
		}
	}
	s.readAgain(o.Status.Submission.RequestID, 3)
	o = s.waitForReason(stuck, v1alpha1.ReasonProcessing)
	if meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled) || o.Status.Submission.State != v1alpha1.SubmissionAccepted {
		s.t.Errorf("an order in progress is %s: %s", o.Status.Submission.State, conditions(o))
	}
	for id, bought := range map[string]int{"n08-slow": 1, "n08-stuck": 0, "n08-review": 1} {
		s.expectCalls(s.identity(id), 1, 1, bought)
	}
	s.onlyOwnRequests()
}

// onlyOwnRequests checks that no reading asked for anything but request IDs that
// the provider has given.
func (s *scene) onlyOwnRequests() {
	s.t.Helper()
	given := map[string]bool{}
	record := s.sim.Record()
	for _, r := range record.Requests {
		if r.Method == http.MethodPost && r.Path == "/v1/orders" {
			given[r.RequestID] = true
		}
	}
	readings := 0
	for _, r := range record.Requests {
		rest, isReading := strings.CutPrefix(r.Path, "/v1/orders/")
		id, _, _ := strings.Cut(rest, "/") // what follows is a case of the order
		if r.Method != http.MethodGet || !isReading {
			continue
		}
		readings++
		if !given[id] {
			s.t.Errorf("the provider was asked about %s, which is no request ID of an order", id)
		}
	}
	if readings == 0 {
		s.t.Error("no order was read")
	}
}
