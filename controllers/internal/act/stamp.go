package act

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Unstamped stands for who asked where nobody has stamped it.
const Unstamped = "unstamped"

// nobody asks in the trial write; no user of an API server is called so.
const nobody = "zma.dev:nobody"

// untrusted refuses a request whose stamp anybody could have written; empty when the
// API server writes the stamps, or when the installation does without. Who asked is
// not known then.
func (x *Executors) untrusted(ctx context.Context, t *Task) (refusal string, err error) {
	if t.AskedBy == Unstamped {
		return "", nil
	}
	stamps, err := x.stamps(ctx, t.Order, t.Asked)
	if err != nil || stamps {
		return "", err
	}
	t.AskedBy = Unstamped
	if x.AllowUnstamped {
		return "", nil
	}
	return "who asked is not certain, since the admission policy of config/admission is not in force.", nil
}

// stamps tells whether the API server stamps who asks, by a write in somebody else's
// name that is never stored: its stamp has to come back as another one. Where such a
// write is denied, nothing is certain.
func (x *Executors) stamps(ctx context.Context, o *v1alpha1.ZMAOrder, asked string) (bool, error) {
	trial := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name}}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q,%q:%q}}}`,
		v1alpha1.AnnotationRecover, asked+"?", v1alpha1.AnnotationRecoverBy, nobody)
	err := x.Client.Patch(ctx, trial, client.RawPatch(types.MergePatchType, patch), client.DryRunAll, client.DisableReadYourWritesConsistency)
	switch {
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		log(ctx).Error(err, "The trial write of a stamp is denied")
		return false, nil
	case err != nil:
		return false, &Transient{Err: fmt.Errorf("try a stamp: %w", err)}
	}
	by := trial.Annotations[v1alpha1.AnnotationRecoverBy]
	return by != "" && by != nobody, nil
}
