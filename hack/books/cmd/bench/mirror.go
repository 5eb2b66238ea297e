package main

import (
	"context"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// The mirror's own rhythm, as in controllers.Mirror: it lets changes gather, and
// writes so many orders at once.
const (
	mirrorPause = 100 * time.Millisecond
	mirrorBatch = 100
)

// mirror writes the latest version of each order that has changed, as the
// controller's does.
type mirror struct {
	ledger *ledger.Ledger

	mu      sync.Mutex
	waiting map[string]change
	queue   []string
	most    int
	lags    []time.Duration
}

// change of an order that is not mirrored, and when it was first not.
type change struct {
	order *v1alpha1.ZMAOrder
	since time.Time
}

func newMirror(l *ledger.Ledger) *mirror { return &mirror{ledger: l, waiting: map[string]change{}} }

func (m *mirror) add(o *v1alpha1.ZMAOrder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, known := m.waiting[o.Name]
	if !known {
		c.since = time.Now()
		m.queue = append(m.queue, o.Name)
	}
	c.order = o
	m.waiting[o.Name] = c
	m.most = max(m.most, len(m.queue))
}

// run mirrors until stop is closed and nothing waits any more.
func (m *mirror) run(ctx context.Context, stop <-chan struct{}) error {
	for {
		time.Sleep(mirrorPause)
		batch := m.take()
		if len(batch) == 0 {
			select {
			case <-stop:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			default:
				continue
			}
		}
		snapshots := make([]ledger.Snapshot, 0, len(batch))
		for _, c := range batch {
			snapshots = append(snapshots, ledger.Snapshot{Order: c.order})
		}
		if err := m.ledger.Mirror(ctx, snapshots); err != nil {
			return err
		}
		m.done(batch)
	}
}

func (m *mirror) take() (batch []change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := min(mirrorBatch, len(m.queue))
	for _, name := range m.queue[:n] {
		batch = append(batch, m.waiting[name])
		delete(m.waiting, name)
	}
	m.queue = m.queue[n:]
	return batch
}

func (m *mirror) done(batch []change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range batch {
		m.lags = append(m.lags, time.Since(c.since))
	}
}
