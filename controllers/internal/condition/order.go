package condition

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Set sets one condition of an order for its current generation. The time is
// kept while the condition's status stays the same. Ready, Reconciling and
// Stalled belong together: set them by Ready, Progress and Stall.
func Set(o *v1alpha1.ZMAOrder, typ string, status metav1.ConditionStatus, reason, message string, now metav1.Time) {
	meta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{
		Type:               typ,
		Status:             status,
		Reason:             reason,
		Message:            Truncate(message),
		ObservedGeneration: o.Generation,
		LastTransitionTime: stored(now),
	})
}

// Ready says that the order is placed and accounted for. The reason is Placed,
// Shipped or Delivered.
func Ready(o *v1alpha1.ZMAOrder, reason, message string, now metav1.Time) {
	setReady(o, metav1.ConditionTrue, reason, message, now)
	meta.RemoveStatusCondition(&o.Status.Conditions, v1alpha1.ConditionReconciling)
	meta.RemoveStatusCondition(&o.Status.Conditions, v1alpha1.ConditionStalled)
}

// Progress says that the controller goes on by itself. The reason is one of
// v1alpha1.ProgressReasons. Ready is False, or Unknown while it is not known
// whether the order was bought.
func Progress(o *v1alpha1.ZMAOrder, reason, message string, now metav1.Time) {
	status := metav1.ConditionFalse
	if reason == v1alpha1.ReasonResolvingSubmission {
		status = metav1.ConditionUnknown
	}
	setReady(o, status, reason, message, now)
	Set(o, v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message, now)
	meta.RemoveStatusCondition(&o.Status.Conditions, v1alpha1.ConditionStalled)
}

// Stall says that the order has failed for good or waits for a person. The
// reason is one of v1alpha1.StalledReasons.
func Stall(o *v1alpha1.ZMAOrder, reason, message string, now metav1.Time) {
	setReady(o, metav1.ConditionFalse, reason, message, now)
	Set(o, v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message, now)
	meta.RemoveStatusCondition(&o.Status.Conditions, v1alpha1.ConditionReconciling)
}

func setReady(o *v1alpha1.ZMAOrder, status metav1.ConditionStatus, reason, message string, now metav1.Time) {
	record(o, reason, now)
	Set(o, v1alpha1.ConditionReady, status, reason, message, now)
	o.Status.ObservedGeneration = o.Generation
}

// stored cuts a time to what comes back from the API server: seconds, in local
// time. A finer one would never equal what is read.
func stored(now metav1.Time) metav1.Time {
	return metav1.NewTime(now.Truncate(time.Second).Local())
}

// IsTrue tells whether a condition of an order is True.
func IsTrue(o *v1alpha1.ZMAOrder, typ string) bool {
	return meta.IsStatusConditionTrue(o.Status.Conditions, typ)
}

// ReadyReason is the reason of Ready; empty before the first status.
func ReadyReason(o *v1alpha1.ZMAOrder) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}
