package controllers

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// mirrorBatch is how many orders go to Postgres in one transaction.
const mirrorBatch = 100

// mirrorPause lets changes of one order, and of many, gather into one batch.
const mirrorPause = 100 * time.Millisecond

// Mirror keeps Postgres a copy of the orders, for reports. It has a queue of its
// own: while Postgres is away it falls behind, and nothing else does.
type Mirror struct {
	// Cache delivers orders and their changes.
	Cache cache.Cache
	// Write writes a batch.
	Write func(context.Context, []ledger.Snapshot) error
	// Metrics of rows, errors and lag.
	Metrics *telemetry.Metrics
	// Log of failed batches.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time

	queue   workqueue.TypedRateLimitingInterface[types.NamespacedName]
	pending pendingSince
}

// NeedLeaderElection makes one mirror of many replicas.
func (m *Mirror) NeedLeaderElection() bool { return true }

// Start mirrors until the context ends. At its start it mirrors every order, so
// what happened while nobody looked is caught up.
func (m *Mirror) Start(ctx context.Context) error {
	m.queue = workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](200*time.Millisecond, 30*time.Second))
	informer, err := m.Cache.GetInformer(ctx, &v1alpha1.ZMAOrder{})
	if err != nil {
		return err
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    m.enqueue,
		UpdateFunc: func(_, o any) { m.enqueue(o) },
	})
	if err != nil {
		return err
	}
	defer func() { _ = informer.RemoveEventHandler(registration) }() // the process ends; nothing to do about it
	go func() {
		<-ctx.Done()
		m.queue.ShutDown()
	}()
	for m.batch(ctx) {
	}
	return nil
}

func (m *Mirror) enqueue(o any) {
	order, ok := o.(*v1alpha1.ZMAOrder)
	if !ok {
		return
	}
	key := client.ObjectKeyFromObject(order)
	m.pending.add(key, m.Now())
	m.queue.Add(key)
}

// batch mirrors what has gathered; false when the queue has shut down.
func (m *Mirror) batch(ctx context.Context) bool {
	keys, open := m.take(ctx)
	snapshots := make([]ledger.Snapshot, 0, len(keys))
	for _, key := range keys {
		var order v1alpha1.ZMAOrder
		err := m.Cache.Get(ctx, key, &order)
		if apierrors.IsNotFound(err) {
			continue // its end was recorded before its finalizer went
		}
		if err == nil && v1alpha1.HasDerivedName(&order) { // others are not the order that they claim to be
			snapshots = append(snapshots, snapshot(&order))
		}
	}
	m.finish(keys, m.write(ctx, snapshots))
	return open
}

func (m *Mirror) write(ctx context.Context, snapshots []ledger.Snapshot) error {
	if len(snapshots) == 0 {
		return nil
	}
	return m.Write(ctx, snapshots)
}

// take waits for one order, then takes what else is there.
func (m *Mirror) take(ctx context.Context) (keys []types.NamespacedName, open bool) {
	first, shutdown := m.queue.Get()
	if shutdown {
		return nil, false
	}
	select {
	case <-ctx.Done():
	case <-time.After(mirrorPause):
	}
	keys = append(keys, first)
	for len(keys) < mirrorBatch && m.queue.Len() > 0 {
		key, shutdown := m.queue.Get()
		if shutdown {
			break
		}
		keys = append(keys, key)
	}
	return keys, true
}

func (m *Mirror) finish(keys []types.NamespacedName, err error) {
	for _, key := range keys {
		if err != nil {
			m.queue.AddRateLimited(key)
		} else {
			m.queue.Forget(key)
			m.pending.done(key)
		}
		m.queue.Done(key)
	}
	m.Metrics.MirrorLag.Set(m.pending.oldest(m.Now()).Seconds())
	if err != nil {
		m.Metrics.MirrorErrors.Inc()
		m.Log.Info("Orders could not be mirrored; trying again", "orders", len(keys), "error", err.Error())
	}
}

// snapshot is what the mirror keeps of an order.
func snapshot(o *v1alpha1.ZMAOrder) ledger.Snapshot {
	s := ledger.Snapshot{Order: o, Deleted: false}
	if sub := o.Status.Submission; sub != nil && sub.CallbackTokenHash != "" {
		if hash, err := hex.DecodeString(sub.CallbackTokenHash); err == nil {
			s.CallbackTokenHash = hash
		}
		if sub.CallbackExpiresAt != nil {
			s.CallbackExpires = &sub.CallbackExpiresAt.Time
		}
	}
	return s
}
