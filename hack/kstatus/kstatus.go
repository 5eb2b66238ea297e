// Package kstatus judges the statuses that tests see.
package kstatus

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Bounds of a status.
const (
	idempotencyKeyLength = 36 // that of a UUID
	maxMessage           = 1024
	maxHistory           = 20
)

// CheckOrder tells how an order's status breaks the rules of kstatus and of this
// API; nil when it breaks none. It is for tests: they run it on every status
// that they see, so that no path may leave an order that looks both under way
// and stuck, or neither. All breaches are returned, joined.
//
// The rules of kstatus are those of sigs.k8s.io/cli-utils/pkg/kstatus.
func CheckOrder(o *v1alpha1.ZMAOrder) error {
	return errors.Join(
		checkGeneration(o),
		checkConditions(o),
		checkSummary(o),
		checkReadyReason(o),
		checkHistory(o),
		checkSubmission(o.Status.Submission),
	)
}

func checkGeneration(o *v1alpha1.ZMAOrder) error {
	if o.Status.ObservedGeneration > o.Generation {
		return fmt.Errorf("observedGeneration %d is beyond generation %d", o.Status.ObservedGeneration, o.Generation)
	}
	return nil
}

func checkConditions(o *v1alpha1.ZMAOrder) error {
	var errs []error
	seen := map[string]bool{}
	for _, c := range o.Status.Conditions {
		if seen[c.Type] {
			errs = append(errs, fmt.Errorf("condition %s occurs twice", c.Type))
		}
		seen[c.Type] = true
		errs = append(errs, checkCondition(o, c))
	}
	return errors.Join(errs...)
}

func checkCondition(o *v1alpha1.ZMAOrder, c metav1.Condition) error {
	var errs []error
	if !slices.Contains(v1alpha1.OrderConditionTypes(), c.Type) {
		errs = append(errs, fmt.Errorf("condition type %q is not one of an order", c.Type))
	}
	if !slices.Contains(statuses(), c.Status) {
		errs = append(errs, fmt.Errorf("condition %s has status %q", c.Type, c.Status))
	}
	if c.Reason == "" {
		errs = append(errs, fmt.Errorf("condition %s has no reason", c.Type))
	}
	if n := utf8.RuneCountInString(c.Message); n > maxMessage {
		errs = append(errs, fmt.Errorf("condition %s has a message of %d characters", c.Type, n))
	}
	if c.ObservedGeneration > o.Status.ObservedGeneration {
		errs = append(errs, fmt.Errorf("condition %s speaks of generation %d, the status of %d",
			c.Type, c.ObservedGeneration, o.Status.ObservedGeneration))
	}
	return errors.Join(errs...)
}

func statuses() []metav1.ConditionStatus {
	return []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}
}

func checkSummary(o *v1alpha1.ZMAOrder) error {
	ready, reconciling, stalled := summary(o)
	current := o.Status.ObservedGeneration == o.Generation
	switch {
	case reconciling && stalled:
		return errors.New("both Reconciling and Stalled are True")
	case ready && reconciling:
		return errors.New("both Ready and Reconciling are True")
	case ready && stalled:
		return errors.New("both Ready and Stalled are True")
	case current && !ready && !reconciling && !stalled:
		return errors.New("none of Ready, Reconciling and Stalled is True")
	}
	return nil
}

func checkReadyReason(o *v1alpha1.ZMAOrder) error {
	c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	if c == nil {
		return checkNoReady(o)
	}
	ready, reconciling, stalled := summary(o)
	switch {
	case !slices.Contains(v1alpha1.ReadyReasons(), c.Reason):
		return fmt.Errorf("reason %q of Ready is not in the closed list", c.Reason)
	case ready && !slices.Contains(successReasons(), c.Reason):
		return fmt.Errorf("reason %q goes with Ready=True, and is not one of success", c.Reason)
	case reconciling && !slices.Contains(v1alpha1.ProgressReasons(), c.Reason):
		return fmt.Errorf("reason %q goes with Reconciling=True, and is not one of progress", c.Reason)
	case stalled && !slices.Contains(v1alpha1.StalledReasons(), c.Reason):
		return fmt.Errorf("reason %q goes with Stalled=True, and is not one of stalling", c.Reason)
	}
	return nil
}

func checkNoReady(o *v1alpha1.ZMAOrder) error {
	if len(o.Status.Conditions) == 0 && o.Status.ObservedGeneration < 0 {
		return nil // The controller has not seen the order yet.
	}
	return errors.New("there is no condition Ready")
}

func checkHistory(o *v1alpha1.ZMAOrder) error {
	var errs []error
	history := o.Status.History
	if len(history) > maxHistory {
		errs = append(errs, fmt.Errorf("history has %d entries", len(history)))
	}
	for i, t := range history {
		if !slices.Contains(v1alpha1.ReadyReasons(), t.Reason) {
			errs = append(errs, fmt.Errorf("reason %q in history is not one of Ready", t.Reason))
		}
		if i > 0 && t.At.Before(&history[i-1].At) {
			errs = append(errs, fmt.Errorf("history goes back in time at %q", t.Reason))
		}
	}
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && len(history) > 0 && history[len(history)-1].Reason != ready.Reason {
		errs = append(errs, fmt.Errorf("history ends with %q, but Ready's reason is %q", history[len(history)-1].Reason, ready.Reason))
	}
	return errors.Join(errs...)
}

func checkSubmission(s *v1alpha1.Submission) error {
	if s == nil {
		return nil
	}
	var errs []error
	if s.Attempt < 1 {
		errs = append(errs, fmt.Errorf("submission has attempt %d", s.Attempt))
	}
	if len(s.IdempotencyKey) != idempotencyKeyLength {
		errs = append(errs, fmt.Errorf("submission has a key of %d characters", len(s.IdempotencyKey)))
	}
	switch s.State {
	case v1alpha1.SubmissionAccepted:
		if s.RequestID == "" {
			errs = append(errs, errors.New("an accepted submission has no requestID"))
		}
	case v1alpha1.SubmissionRejected:
		if s.ErrorCode == "" {
			errs = append(errs, errors.New("a rejected submission has no errorCode"))
		}
	case v1alpha1.SubmissionIntended, v1alpha1.SubmissionNotSent, v1alpha1.SubmissionUnknown:
	default:
		errs = append(errs, fmt.Errorf("submission has state %q", s.State))
	}
	return errors.Join(errs...)
}

func successReasons() []string {
	return []string{v1alpha1.ReasonPlaced, v1alpha1.ReasonShipped, v1alpha1.ReasonDelivered}
}

func summary(o *v1alpha1.ZMAOrder) (ready, reconciling, stalled bool) {
	return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady),
		meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReconciling),
		meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled)
}
