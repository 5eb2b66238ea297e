package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Order builds the ZMAOrder of a native order. Its name derives from source and
// external ID, so that every delivery of one order asks for the same object. It
// has its finalizer already, which saves a write. Request and delivery are those
// of the input; they are no part of the payload.
func Order(src *v1alpha1.WebhookSource, n *NativeOrder, in Input) (*v1alpha1.ZMAOrder, error) {
	spec := n.Spec()
	spec.Source = &v1alpha1.OrderSource{Name: src.Name, ExternalID: n.ExternalID}
	hash, err := PayloadHash(spec)
	if err != nil {
		return nil, err
	}
	spec.AccountRef = src.Spec.AccountRef
	spec.PolicyRef = src.Spec.PolicyRef.DeepCopy()
	return &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   src.Namespace,
			Name:        v1alpha1.OrderNameFor(src.Name, n.ExternalID),
			Finalizers:  []string{v1alpha1.OrderFinalizer},
			Annotations: annotations(hash, in),
		},
		Spec: spec,
	}, nil
}

func annotations(hash string, in Input) map[string]string {
	out := map[string]string{v1alpha1.AnnotationPayloadHash: hash}
	if in.RequestID != "" {
		out[v1alpha1.AnnotationRequestID] = in.RequestID
	}
	if in.Delivery != "" {
		out[v1alpha1.AnnotationDelivery] = in.Delivery
	}
	return out
}

// PayloadHash is the SHA-256 of a spec's JSON, in hex. Account and policy are
// left out: they are the source's, and a sender that repeats a delivery after
// its source was pointed elsewhere still sends the same payload. The spec is the
// one before the API server's defaults, so that a new default changes no hash.
func PayloadHash(spec v1alpha1.ZMAOrderSpec) (string, error) {
	spec.AccountRef = v1alpha1.LocalReference{}
	spec.PolicyRef = nil
	canonical, err := json.Marshal(spec)
	if err != nil {
		return "", fmt.Errorf("hash payload: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
