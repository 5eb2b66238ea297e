package condition

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// MaxHistory is the number of transitions that an order keeps. The rest is in
// the audit trail.
const MaxHistory = 20

// record appends to the history when reason is not the one that Ready has. It
// has to run before Ready is set.
func record(o *v1alpha1.ZMAOrder, reason string, now metav1.Time) {
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Reason == reason {
		return
	}
	next := v1alpha1.Transition{At: stored(now), Reason: reason}
	if o.Status.Submission != nil {
		next.Attempt = o.Status.Submission.Attempt
	}
	// A new slice: the old one may belong to an object in a cache.
	kept := o.Status.History[max(0, len(o.Status.History)-MaxHistory+1):]
	o.Status.History = append(slices.Clone(kept), next)
}
