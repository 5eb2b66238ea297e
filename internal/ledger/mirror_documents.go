package ledger

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// storedMetadata is what of an object's metadata is written back.
type storedMetadata struct {
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	Finalizers        []string          `json:"finalizers,omitempty"`
	DeletionTimestamp *metav1.Time      `json:"deletionTimestamp,omitempty"`
}

// setDocuments keeps what an order is written back from. Conditions and history
// have columns of their own.
func (r *orderRow) setDocuments(o *v1alpha1.ZMAOrder) {
	r.Metadata = &storedMetadata{
		Labels: o.Labels, Annotations: o.Annotations, Finalizers: o.Finalizers, DeletionTimestamp: o.DeletionTimestamp,
	}
	status := o.Status
	status.Conditions, status.History = nil, nil
	r.Spec, r.Status, r.DocumentVersion = &o.Spec, &status, o.ResourceVersion
}
