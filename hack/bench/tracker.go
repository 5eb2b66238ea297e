package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// tracker watches the orders and notes when each becomes Ready.
type tracker struct {
	mu      sync.Mutex
	created map[string]time.Time
	ready   map[string]time.Time
	news    chan struct{} // holds one when something has changed
}

// track watches the orders of the namespace until the context ends.
func track(ctx context.Context, cfg *rest.Config, scheme *runtime.Scheme) (*tracker, error) {
	t := &tracker{created: map[string]time.Time{}, ready: map[string]time.Time{}, news: make(chan struct{}, 1)}
	c, err := cache.New(cfg, cache.Options{Scheme: scheme, DefaultNamespaces: map[string]cache.Config{namespace: {}}})
	if err != nil {
		return nil, fmt.Errorf("watch the orders: %w", err)
	}
	informer, err := c.GetInformer(ctx, &v1alpha1.ZMAOrder{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch the orders: %w", err)
	}
	see := func(object any) {
		if o, ok := object.(*v1alpha1.ZMAOrder); ok {
			t.see(o, time.Now())
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    see,
		UpdateFunc: func(_, object any) { see(object) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch the orders: %w", err)
	}
	go func() { _ = c.Start(ctx) }() // what it does not see is missing from the figures
	return t, nil
}

func (t *tracker) see(o *v1alpha1.ZMAOrder, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.created[o.Name] = o.CreationTimestamp.Time
	if _, known := t.ready[o.Name]; known || !meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady) {
		return
	}
	t.ready[o.Name] = now
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// of gives the times of an order.
func (t *tracker) of(name string) (created, ready time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.created[name], t.ready[name]
}

// wait returns once every order is Ready, and with the context's error before.
func (t *tracker) wait(ctx context.Context, names []string) error {
	for t.missing(names) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.news:
		}
	}
	return nil
}

func (t *tracker) missing(names []string) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		if _, ok := t.ready[name]; !ok {
			n++
		}
	}
	return n
}
