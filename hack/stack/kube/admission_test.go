package kube_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// TestAClusterWithTheCRDsStampsFromTheStart lets no test of recovery race with the
// policy.
func TestAClusterWithTheCRDsStampsFromTheStart(t *testing.T) {
	c, err := kube.Start(t.Context(), kube.Options{Progress: os.Stderr, CRDDirs: []string{filepath.Join("..", "..", "..", "config", "crd", "bases")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	api, err := shop.Client(c.User("ada", "system:masters"))
	if err != nil {
		t.Fatal(err)
	}
	o := &v1alpha1.ZMAOrder{Spec: v1alpha1.ZMAOrderSpec{
		AccountRef:      v1alpha1.LocalReference{Name: "main"},
		Items:           []v1alpha1.OrderItem{{ProductID: "B0EXAMPLE1", Quantity: 1}},
		ShippingAddress: v1alpha1.Address{FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland", State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567"},
		Customer:        v1alpha1.Customer{ID: "customer-1", Email: "ada@example.com"},
		Total:           v1alpha1.Money{Currency: "USD", AmountCents: 2199},
	}}
	o.Namespace, o.Name = "default", "asked"
	o.Annotations = map[string]string{v1alpha1.AnnotationRecover: "now"}
	if err := api.Create(t.Context(), o, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	if got := o.Annotations[v1alpha1.AnnotationRecoverBy]; got != "ada" {
		t.Errorf("stamped %q, want ada", got)
	}
}
