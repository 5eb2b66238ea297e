package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// creates is the work of creating orders at the API server, each equal to the one
// that the endpoint would have made, by a client of the same kind and with the
// same rights.
type creates struct {
	client client.Client
	like   *v1alpha1.ZMAOrder // made by the endpoint
	made   int
}

// newCreates sends one webhook and takes its order for a pattern.
func newCreates(ctx context.Context, s *site.Site, w *webhooks) (*creates, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	cfg, err := s.As()
	if err != nil {
		return nil, err
	}
	c := &creates{like: &v1alpha1.ZMAOrder{}}
	if c.client, err = client.New(cfg, client.Options{Scheme: scheme}); err != nil {
		return nil, err
	}
	const id = "W-pattern"
	req, err := w.request(id)
	if err != nil {
		return nil, err
	}
	if word := w.send(req.WithContext(ctx)); word != "" {
		return nil, fmt.Errorf("the endpoint does not take a webhook: %s", word)
	}
	if err := s.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: v1alpha1.OrderNameFor(shop.SourceName, id)}, c.like); err != nil {
		return nil, fmt.Errorf("read the endpoint's order: %w", err)
	}
	return c, c.check(ctx, s)
}

// check makes sure that an order made here is what the endpoint makes: another one
// would be no measure for it.
func (c *creates) check(ctx context.Context, s *site.Site) error {
	mine, err := c.order("C-pattern")
	if err != nil {
		return err
	}
	if err := s.Client.Create(ctx, mine, client.DryRunAll); err != nil {
		return fmt.Errorf("rehearse an order: %w", err)
	}
	// These two hold the order's ID.
	mine.Spec.Source, mine.Spec.Customer = c.like.Spec.Source, c.like.Spec.Customer
	if diff := cmp.Diff(c.like.Spec, mine.Spec); diff != "" {
		return errors.New("the orders made here are not the endpoint's (-want +got):\n" + diff)
	}
	return nil
}

// order is that of a body.
func (c *creates) order(id string) (*v1alpha1.ZMAOrder, error) {
	o := &v1alpha1.ZMAOrder{}
	o.Namespace, o.Name = c.like.Namespace, v1alpha1.OrderNameFor(shop.SourceName, id)
	o.Finalizers, o.Annotations, o.Labels = c.like.Finalizers, c.like.Annotations, c.like.Labels
	if err := json.Unmarshal(body(id), &o.Spec); err != nil {
		return nil, fmt.Errorf("make an order: %w", err)
	}
	o.Spec.Source = &v1alpha1.OrderSource{Name: shop.SourceName, ExternalID: id}
	o.Spec.AccountRef, o.Spec.PolicyRef = c.like.Spec.AccountRef, c.like.Spec.PolicyRef
	return o, nil
}

// Next makes a new order ready.
func (c *creates) Next() func(context.Context) string {
	c.made++
	o, err := c.order(fmt.Sprintf("C-%09d", c.made))
	if err != nil {
		return func(context.Context) string { return err.Error() }
	}
	return func(ctx context.Context) string {
		if err := c.client.Create(ctx, o); err != nil {
			return "refused"
		}
		return ""
	}
}
