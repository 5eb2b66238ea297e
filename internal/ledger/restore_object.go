package ledger

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Object is the order as it may be written back into a cluster; nil when what it
// was made of is not stored. The mirror is a moment behind the cluster that was
// lost, and a repeat of an old state could buy again. So what the status says of an
// attempt is kept only where the books agree; else the order comes back without
// it, and asks the books before it does anything.
func (s StoredOrder) Object() *v1alpha1.ZMAOrder {
	if s.Order == nil {
		return nil
	}
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.Order.Namespace, Name: s.Order.Name, Labels: s.Order.Labels,
			Annotations: keptAnnotations(s.Order.Annotations), Finalizers: slices.Clone(s.Order.Finalizers),
		},
		Spec: *s.Order.Spec.DeepCopy(), Status: *s.Order.Status.DeepCopy(),
	}
	if !slices.Contains(o.Finalizers, v1alpha1.OrderFinalizer) && !s.Deleted {
		o.Finalizers = append(o.Finalizers, v1alpha1.OrderFinalizer)
	}
	renumber(&o.Status, s.Order.Generation)
	if !s.agrees() {
		forgetAttempt(&o.Status)
	}
	return o
}

// keptAnnotations leaves out what a person asked for: it was asked about the state
// of that time, and has to be asked again.
func keptAnnotations(all map[string]string) map[string]string {
	kept := maps.Clone(all)
	delete(kept, v1alpha1.AnnotationRecover)
	delete(kept, v1alpha1.AnnotationRecoverBy)
	return kept
}

// agrees tells whether the status may speak of its attempt. An order that is on
// record as bought, but was not yet seen placed, gets its placement from the record.
func (s StoredOrder) agrees() bool {
	sub := s.Order.Status.Submission
	if sub == nil || sub.Attempt != s.Attempt {
		return false
	}
	if s.Outcome == OutcomeBought && s.Order.Status.Placement == nil {
		return false
	}
	switch sub.State {
	case v1alpha1.SubmissionAccepted:
		return sub.RequestID != "" && s.AttemptState != AttemptReleased && (s.Outcome == "" || s.Outcome == OutcomeBought)
	case v1alpha1.SubmissionRejected:
		return s.Outcome != OutcomeBought
	case v1alpha1.SubmissionIntended, v1alpha1.SubmissionUnknown:
		return s.Outcome == "" && s.AttemptState == AttemptReserved
	}
	// NotSent: the call may have been made after the mirror last looked.
	return false
}

// forgetAttempt leaves the checks that were passed and what people decided.
func forgetAttempt(status *v1alpha1.ZMAOrderStatus) {
	status.Submission, status.Placement, status.Cost, status.Cancellation = nil, nil, nil, nil
	status.Conditions = slices.DeleteFunc(status.Conditions, func(c metav1.Condition) bool {
		return c.Type != v1alpha1.ConditionValidated && c.Type != v1alpha1.ConditionPaymentVerified
	})
	if r := status.Recovery; r != nil {
		r.Attempts, r.Rejections, r.NextAttemptAt, r.PausedAt = 0, 0, nil, nil
	}
}

// renumber puts the generations to those of a new object, which begins at 1.
func renumber(status *v1alpha1.ZMAOrderStatus, generation int64) {
	current := func(observed int64, other int64) int64 {
		if observed == generation {
			return 1
		}
		return other
	}
	status.ObservedGeneration = current(status.ObservedGeneration, -1)
	for i := range status.Conditions {
		c := &status.Conditions[i]
		c.ObservedGeneration = current(c.ObservedGeneration, 0)
	}
}
