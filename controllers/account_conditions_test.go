package controllers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// noProvider gives no client, for a reason.
type noProvider struct{ err error }

func (n noProvider) For(context.Context, *v1alpha1.ZMAAccount) (zma.Client, error) { return nil, n.err }

// TestATokenThatCantBeReadNowIsNotCalledMissing: orders that wait for their operator
// would take its return for his work, and be sent once more.
func TestATokenThatCantBeReadNowIsNotCalledMissing(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"the Secret, or its key, is missing": {fmt.Errorf("secret zma-token: %w", secrets.ErrNotFound), v1alpha1.ReasonSecretNotFound},
		"the API server is away":             {errors.New("read secret zma-token: connection refused"), v1alpha1.ReasonSucceeded},
	} {
		r := &AccountReconciler{providers: noProvider{c.err}, now: func() time.Time { return time.Unix(1767225600, 0) }}
		a := &v1alpha1.ZMAAccount{}
		readable(a, 100, r.now(), r.now())
		r.readBalance(t.Context(), a)
		if got := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionCredentialsValid); got.Reason != c.want || a.Status.BalanceCents != nil {
			t.Errorf("%s: %s with a balance of %v, want %s and none", name, got.Reason, a.Status.BalanceCents, c.want)
		}
	}
}

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
