package machine

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestFinished decides which orders may leave the cluster: what is left to do for an
// order is lost with its object.
func TestFinished(t *testing.T) {
	asked := func(o *v1alpha1.ZMAOrder) {
		o.Annotations = map[string]string{v1alpha1.AnnotationRecover: "now@2"}
	}
	unseen := func(o *v1alpha1.ZMAOrder) { o.Generation++ }
	placed := []change{checked(), attempt(1, v1alpha1.SubmissionAccepted), placement}
	accounted := func(more ...change) []change {
		return slices.Concat(placed, []change{passed(v1alpha1.ConditionCostRecorded, v1alpha1.ConditionReady)}, more)
	}
	bought := func(more ...change) []change { return accounted(append([]change{delivered}, more...)...) }
	at := t0.Add(time.Hour)
	late := answered(metav1.ConditionFalse, v1alpha1.ReasonCancellationRefused)
	tests := []struct {
		reason  string
		changes []change
		want    bool
	}{
		{"a new order", nil, false},
		{"placed, its parcels under way", accounted(), false},
		{"delivered and accounted for", bought(), true},
		{"delivered, its deletion under way", bought(deleted), false},
		{"delivered, its last change not seen yet", bought(unseen), false},
		{"delivered, a late wish to cancel unanswered", bought(cancel), false},
		{"delivered, the late wish to cancel refused", bought(cancel, late), true},
		{"delivered, a request by hand unanswered", bought(asked), false},
		{"delivered, the request by hand answered", bought(asked, handled("now@2")), true},
		{"delivered, its cost not on record", append(slices.Clone(placed), delivered), false},
		{"refused for good, its money free", []change{attempt(1, v1alpha1.SubmissionRejected), stalled(v1alpha1.ReasonRejected)}, true},
		{"refused for good, its money held", []change{checked(), attempt(1, v1alpha1.SubmissionRejected), stalled(v1alpha1.ReasonRejected)}, false},
		{"cancelled before anything was bought", []change{stalled(v1alpha1.ReasonCancelled)}, true},
		{"invalid", []change{stalled(v1alpha1.ReasonInvalid)}, true},
		{"waits for a person", []change{stalled(v1alpha1.ReasonNeedsDecision)}, false},
		{"may have been bought", []change{checked(), attempt(1, v1alpha1.SubmissionUnknown), stalled(v1alpha1.ReasonSubmissionOutcomeUnknown)}, false},
		{"under another name", []change{stalled(v1alpha1.ReasonNameMismatch)}, false},
		{"given up", []change{abandonedByHand, stalled(v1alpha1.ReasonAbandoned)}, true},
		{"cancelled by the retailer, its money awaited", accounted(stalled(v1alpha1.ReasonCancelledByRetailer)), false},
		{"cancelled by the retailer, its money back", accounted(stalled(v1alpha1.ReasonCancelledByRetailer), refunded(1)), true},
		{"cancelled as asked, its money never came", accounted(stalledAt(v1alpha1.ReasonCancelledAfterPlacement, at.Add(-RefundWindow-time.Second))), true},
	}
	for _, tc := range tests {
		o := order(tc.changes...)
		o.Status.ObservedGeneration = 1
		since, got := Finished(o, at)
		if got != tc.want {
			t.Errorf("%s: finished %v, want %v; %+v", tc.reason, got, tc.want, o.Status.Conditions)
		}
		if got && (since.IsZero() || since.After(at)) {
			t.Errorf("%s: ended at %s", tc.reason, since)
		}
	}
}
