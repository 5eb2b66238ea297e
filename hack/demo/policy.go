package main

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// policyName of the shop's OrderPolicy.
const policyName = "standard"

// mostPieces of one product that are bought without a person's approval.
const mostPieces = 20

// protect has every order of the shop pass a policy before money is spent.
func (s *scene) protect(ctx context.Context) error {
	policy := &v1alpha1.OrderPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: policyName},
		Spec: v1alpha1.OrderPolicySpec{Rules: []v1alpha1.PolicyRule{{
			Name:       "many-pieces",
			Expression: fmt.Sprintf("order.items.exists(i, i.quantity > %d)", mostPieces),
			Action:     v1alpha1.PolicyReview,
			Message:    fmt.Sprintf("more than %d pieces of one product", mostPieces),
		}}},
	}
	if err := s.client.Create(ctx, policy); err != nil {
		return fmt.Errorf("create the policy: %w", err)
	}
	var source v1alpha1.WebhookSource
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: shop.SourceName}, &source); err != nil {
		return fmt.Errorf("read the webhook source: %w", err)
	}
	patch := client.MergeFrom(source.DeepCopy())
	source.Spec.PolicyRef = &v1alpha1.LocalReference{Name: policyName}
	if err := s.client.Patch(ctx, &source, patch); err != nil {
		return fmt.Errorf("name the policy in the webhook source: %w", err)
	}
	return nil
}
