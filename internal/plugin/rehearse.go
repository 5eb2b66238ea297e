package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// errRefused ends a rehearsal in which the reasons have been told.
var errRefused = errors.New("the endpoint would refuse this body")

// verdict is what the endpoint would answer for one order, and why.
type verdict struct {
	status int
	why    string
}

// rehearse asks the API server what it would say to each order, and tells what
// the endpoint would answer.
func (t *sourceTry) rehearse(ctx context.Context, orders []*v1alpha1.ZMAOrder) error {
	if !t.server {
		return nil
	}
	api, err := t.cluster.client(t.env.Err)
	if err != nil {
		return err
	}
	var all []verdict
	for _, order := range orders {
		v, err := judge(ctx, api, order)
		if err != nil {
			return fmt.Errorf("rehearse %s: %w", order.Name, err)
		}
		if err := t.note("%s: %d, %s", order.Name, v.status, v.why); err != nil {
			return err
		}
		all = append(all, v)
	}
	answer := answerOf(all)
	if err := t.note("the endpoint would answer %d", answer); err != nil {
		return err
	}
	if answer >= http.StatusBadRequest {
		return errRefused
	}
	return nil
}

// answerOf is the answer to a delivery of several orders: the first refusal
// refuses all, and one new order makes it an accepted one.
func answerOf(all []verdict) int {
	answer := http.StatusOK
	for _, v := range all {
		if v.status >= http.StatusBadRequest {
			return v.status
		}
		answer = max(answer, v.status)
	}
	return answer
}

// judge creates the order in a dry run. An error says that the API server could
// not be asked, which tells nothing of the order.
func judge(ctx context.Context, api client.Client, order *v1alpha1.ZMAOrder) (verdict, error) {
	err := api.Create(ctx, order.DeepCopy(), client.DryRunAll)
	switch {
	case err == nil:
		return verdict{http.StatusAccepted, "it would be made"}, nil
	case apierrors.IsAlreadyExists(err):
		return compare(ctx, api, order)
	case apierrors.IsInvalid(err):
		return verdict{http.StatusBadRequest, "the API server refuses it:" + causes(err)}, nil
	}
	return verdict{}, err
}

// compare tells a repetition from another order under the same ID, as the
// endpoint does.
func compare(ctx context.Context, api client.Client, order *v1alpha1.ZMAOrder) (verdict, error) {
	var stored v1alpha1.ZMAOrder
	if err := api.Get(ctx, client.ObjectKeyFromObject(order), &stored); err != nil {
		return verdict{}, err
	}
	const hash = v1alpha1.AnnotationPayloadHash
	if stored.Annotations[hash] != order.Annotations[hash] {
		return verdict{http.StatusConflict, "this externalID was used for another payload"}, nil
	}
	return verdict{http.StatusOK, "it was made before, of the same payload"}, nil
}

// causes lists what is wrong with which field, in a line each.
func causes(err error) string {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return " " + err.Error()
	}
	var out strings.Builder
	for _, cause := range status.Status().Details.Causes {
		fmt.Fprintf(&out, "\n  %s: %s", cause.Field, cause.Message)
	}
	return out.String()
}
