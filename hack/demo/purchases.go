package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// purchases compares each order with the provider's own record.
func (s *scene) purchases(ctx context.Context, r *report, deliveries []delivery) error {
	say("What the provider has bought, by its own record")
	record, total := s.stack.ZMA.Record(), 0
	for _, d := range unique(deliveries) {
		reason, err := s.reason(ctx, d.id)
		if err != nil {
			return err
		}
		bought, keys := len(record.PurchasesOf(identity(d.id))), len(record.KeysOf(identity(d.id)))
		held := bought == d.bought && keys == d.keys() && reason == d.reason
		r.expect(held, "order %s  bought %d×  under %d key  %s", d.id, bought, keys, shown(reason))
		total += d.bought
	}
	r.expect(len(record.Purchases) == total, "%d purchases in all, %d wanted", len(record.Purchases), total)
	for _, d := range deliveries {
		if d.fault != "" {
			r.expect(met(record, d), "order %s  did meet the fault %s", d.id, d.fault)
		}
	}
	return nil
}

// met tells whether the provider played the fault: without it an order proves
// nothing about faults.
func met(record zmasim.Record, d delivery) bool {
	for _, q := range record.Requests {
		if q.Identity == identity(d.id) && q.Fault == string(d.fault) {
			return true
		}
	}
	return false
}

// reason of an order's Ready condition; empty when there is no such order.
func (s *scene) reason(ctx context.Context, id string) (string, error) {
	name := v1alpha1.OrderNameFor(shop.SourceName, id)
	var o v1alpha1.ZMAOrder
	err := s.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &o)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read order %s: %w", id, err)
	}
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason, nil
	}
	return "without a status", nil
}

func shown(reason string) string {
	if reason == "" {
		return "no order"
	}
	return reason
}

// unique leaves one delivery for each order; redeliveries are of the first.
func unique(deliveries []delivery) []delivery {
	seen := map[string]bool{}
	var out []delivery
	for _, d := range deliveries {
		if !seen[d.id] {
			seen[d.id] = true
			out = append(out, d)
		}
	}
	return out
}
