package controllers

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestABudgetInAZoneThatNobodyKnowsIsTold: such a budget can't be computed, and all
// orders of the account wait.
func TestABudgetInAZoneThatNobodyKnowsIsTold(t *testing.T) {
	for zone, want := range map[string]string{
		"UTC":              v1alpha1.ReasonSucceeded,
		"America/New_York": v1alpha1.ReasonSucceeded,
		"":                 v1alpha1.ReasonSucceeded, // an older CRD has no default
		"America/NewYork":  v1alpha1.ReasonInvalid,
		"Local":            v1alpha1.ReasonInvalid,
		"EST6":             v1alpha1.ReasonInvalid,
	} {
		r := &AccountReconciler{now: func() time.Time { return time.Unix(1767225600, 0) }}
		a := &v1alpha1.ZMAAccount{Spec: v1alpha1.ZMAAccountSpec{Budget: &v1alpha1.Budget{Timezone: zone}}}
		setAccount(a, v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider takes the token.", r.now())
		r.conclude(a)
		if c := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionReady); c == nil || c.Reason != want {
			t.Errorf("%q: Ready is %+v, want %s", zone, c, want)
		}
	}
}
