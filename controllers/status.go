package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// setReady sets the condition Ready of a resource without further conditions.
func setReady(conditions *[]metav1.Condition, ready metav1.Condition, generation int64, now time.Time) {
	ready.Type, ready.ObservedGeneration = v1alpha1.ConditionReady, generation
	ready.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
	meta.SetStatusCondition(conditions, ready)
}

// updateStatus writes a status that differs from what is stored. The resource
// version is the lock: a lost race is no error, its winner is reconciled next.
func updateStatus(ctx context.Context, c client.Client, o client.Object, stored, status any) error {
	if equality.Semantic.DeepEqual(stored, status) {
		return nil
	}
	if err := quietConflict(c.Status().Update(ctx, o)); err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	return nil
}
