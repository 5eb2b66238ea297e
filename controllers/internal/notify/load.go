package notify

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// loadedPolicy is a policy's settings, or the category of why its mails wait.
type loadedPolicy struct {
	settings *Settings
	waiting  string
}

func policyOf(m ledger.ClaimedMail) types.NamespacedName {
	return types.NamespacedName{Namespace: m.Identity.Namespace, Name: m.Policy}
}

// loadPolicies loads each policy once for a batch.
func (w *Worker) loadPolicies(ctx context.Context, claimed []ledger.ClaimedMail) map[types.NamespacedName]loadedPolicy {
	out := map[types.NamespacedName]loadedPolicy{}
	for _, m := range claimed {
		key := policyOf(m)
		if _, done := out[key]; !done {
			out[key] = w.loadPolicy(ctx, key)
		}
	}
	return out
}

func (w *Worker) loadPolicy(ctx context.Context, key types.NamespacedName) loadedPolicy {
	var p v1alpha1.NotificationPolicy
	err := w.Client.Get(ctx, key, &p)
	switch {
	case apierrors.IsNotFound(err):
		return loadedPolicy{waiting: "policy-missing"}
	case err != nil:
		return loadedPolicy{waiting: "policy-unreadable"}
	case p.Spec.Suspend:
		return loadedPolicy{waiting: "suspended"}
	}
	s, err := (&Loader{Client: w.Client, Secrets: w.Secrets}).Load(ctx, &p)
	var setup *SetupError
	switch {
	case errors.As(err, &setup):
		return loadedPolicy{waiting: "policy-not-ready"}
	case err != nil:
		return loadedPolicy{waiting: "policy-unreadable"}
	}
	return loadedPolicy{settings: s}
}
