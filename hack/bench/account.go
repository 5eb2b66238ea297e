package main

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// ordinaryAccount gives the account the measured rate, and the product's defaults
// for everything else: the short pauses that a shop of the tests has would bring
// the first order back within seconds whatever the operator does.
func (s *scene) ordinaryAccount(ctx context.Context) error {
	var a v1alpha1.ZMAAccount
	if err := s.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: shop.AccountName}, &a); err != nil {
		return fmt.Errorf("read the account: %w", err)
	}
	a.Spec.Submission = v1alpha1.SubmissionLimits{RatePerMinute: int32(s.options.rate)}
	a.Spec.Balance, a.Spec.Breaker, a.Spec.Polling = v1alpha1.BalanceRule{}, v1alpha1.BreakerRule{}, v1alpha1.PollingRule{}
	if err := s.client.Update(ctx, &a); err != nil {
		return fmt.Errorf("configure the account: %w", err)
	}
	return nil
}
