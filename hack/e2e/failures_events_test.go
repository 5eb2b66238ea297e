package e2e

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// everyParcelCounts moves three parcels, each in two steps that are reported by the
// same events. A poll comes only every hour: an update that is dropped stays lost.
func everyParcelCounts(s *scene) {
	name := s.buy("n14", zmasim.ProductSplit)
	requestID := s.waitFor(name, "Ready", isReady).Status.Submission.RequestID
	for step := 1; s.sim.Advance(requestID); step++ {
		known, delivered := min(step, 3), max(step-3, 0)
		s.waitFor(name, "told of each parcel", func(o *v1alpha1.ZMAOrder) bool {
			arrived := 0
			for _, tr := range o.Status.Placement.Tracking {
				if tr.DeliveredAt != nil {
					arrived++
				}
			}
			return len(o.Status.Placement.Tracking) == known && arrived == delivered
		})
	}
	s.waitForReason(name, v1alpha1.ReasonDelivered)
}

// newsMoveForwardOnly has the provider's answers be late, unknown and refused.
func newsMoveForwardOnly(s *scene) {
	cancelled, refused := s.buy("n16-cancelled", zmasim.ProductCancelDirect), s.buy("n16-refused", zmasim.ProductCancelRefused)
	name := s.buy("n16", zmasim.ProductOK)
	s.placedIsNotShipped(name)
	s.deliveredStays(name)

	s.waitFor(cancelled, "Ready", isReady)
	s.cancel(cancelled)
	s.waitFor(refused, "Ready", isReady)
	s.cancel(refused)
	s.waitForReason(cancelled, v1alpha1.ReasonCancelledAfterPlacement)
	s.cancelledStays(cancelled)

	o := s.waitFor(refused, "a refused cancellation", func(o *v1alpha1.ZMAOrder) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionCancelled)
		return c != nil && c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonCancellationRefused
	})
	if !isReady(o) || readyReason(o) != v1alpha1.ReasonPlaced || o.Status.Submission.State != v1alpha1.SubmissionAccepted {
		s.t.Errorf("a refused cancellation reads as %s", conditions(o))
	}
	s.expectCalls(s.identity("n16-refused"), 1, 1, 1)
}

// placedIsNotShipped reads a placed order, then one with an update that nobody
// knows: neither says more than that it is placed.
func (s *scene) placedIsNotShipped(name string) {
	s.t.Helper()
	requestID := s.waitFor(name, "Ready", isReady).Status.Submission.RequestID
	s.wire.tell(func(answer []byte) []byte {
		return []byte(strings.Replace(string(answer), `"status_updates":[`, `"status_updates":[{"_created_at":"2026-01-01T00:00:00Z","type":"shipment.beamed","message":"unheard of","data":{"success":false}},`, 1))
	})
	s.readAgain(requestID, 3)
	s.wire.tell(nil)
	if s.answerWith("n16", "shipment.beamed") == nil {
		s.t.Fatal("the unknown update was not told: nothing is shown")
	}
	o, err := s.order(name)
	s.must(err)
	if readyReason(o) != v1alpha1.ReasonPlaced || len(o.Status.Placement.Tracking) != 0 || went(o, v1alpha1.ReasonShipped) {
		s.t.Errorf("a placed order without a parcel reads as %s: %+v", readyReason(o), o.Status.History)
	}
}

// deliveredStays delivers an order and has old and wrong answers come after it.
func (s *scene) deliveredStays(name string) {
	s.t.Helper()
	o, err := s.order(name)
	s.must(err)
	s.sim.Advance(o.Status.Submission.RequestID)
	s.waitForReason(name, v1alpha1.ReasonShipped)
	s.sim.Advance(o.Status.Submission.RequestID)
	s.waitForReason(name, v1alpha1.ReasonDelivered)
	for _, late := range []string{"request_processing", "unheard_of", "product_unavailable"} {
		body := fmt.Sprintf(`{"_type":"error","code":%q,"message":"too late","data":{},"request_id":%q}`, late, o.Status.Submission.RequestID)
		s.toldLate(name, "n16", late, []byte(body))
	}
}

// cancelledStays has the answer from before a cancellation come again after it. The
// refused request shows that the operator has looked at the order since.
func (s *scene) cancelledStays(name string) {
	s.t.Helper()
	placed := s.answerWith("n16-cancelled", `"order_response"`)
	s.wire.tell(func([]byte) []byte { return placed })
	defer s.wire.tell(nil)
	for _, u := range s.callbackURLs(s.identity("n16-cancelled"), 1) {
		s.genuine(u, string(placed))
	}
	s.refused(name, "now", "has ended")
	s.stays(name, v1alpha1.ReasonCancelledAfterPlacement, "an answer from before the cancellation")
}

// answerWith is the first answer for an order that holds a text; nil when there
// is none.
func (s *scene) answerWith(externalID, text string) []byte {
	s.t.Helper()
	for _, c := range s.wire.readings() {
		if body := string(c.answer); strings.Contains(body, text) && strings.Contains(body, `"`+s.identity(externalID)+`"`) {
			return c.answer
		}
	}
	return nil
}

// toldLate answers readings with what was true before, and calls back until the
// operator has read it twice. The refused request has the order written once more,
// with whatever was made of the answers.
func (s *scene) toldLate(name, externalID, code string, late []byte) {
	s.t.Helper()
	s.wire.tell(func([]byte) []byte { return late })
	defer s.wire.tell(nil)
	before, err := s.order(name)
	s.must(err)
	for range 2 {
		n := s.readingsOf(before.Status.Submission.RequestID)
		for _, u := range s.callbackURLs(s.identity(externalID), 1) {
			if status := s.genuine(u, string(late)); status != http.StatusOK {
				s.t.Errorf("a late callback is answered %d", status)
			}
		}
		if !eventually(func() bool { return s.readingsOf(before.Status.Submission.RequestID) > n }) {
			s.t.Fatalf("order %s is not read again", externalID)
		}
	}
	s.refused(name, "now@"+code, "has ended")
	after, err := s.order(name)
	s.must(err)
	if diff := cmp.Diff(before.Status.History, after.Status.History); diff != "" || readyReason(after) != v1alpha1.ReasonDelivered {
		s.t.Errorf("%s, told late, moves the order (-before +after):\n%s", code, diff)
	}
}
