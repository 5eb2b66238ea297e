package controllers

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

const (
	// censusPause is how long a count serves: several Prometheus servers, or a
	// person with curl, make no more work than one.
	censusPause = 5 * time.Second
	// censusTimeout bounds a count, which would otherwise wait for a cache that is
	// not complete.
	censusTimeout = 2 * time.Second
	// reasonNew stands for the reason of an order without a status.
	reasonNew = "New"
)

// Census counts the orders in the cache when it is scraped. Gauges that were kept
// up to date with each change would drift with every event that is missed. Each
// replica counts, so sums over replicas count twice.
type Census struct {
	reader client.Reader
	now    func() time.Time
	gauges telemetry.OrderGauges

	mu   sync.Mutex
	at   time.Time
	last []prometheus.Metric
}

// NewCensus makes a collector over a reader that is a cache: it lists all orders.
func NewCensus(reader client.Reader, now func() time.Time) *Census {
	return &Census{reader: reader, now: now, gauges: telemetry.NewOrderGauges()}
}

// Describe names the gauges.
func (c *Census) Describe(out chan<- *prometheus.Desc) {
	out <- c.gauges.Orders
	out <- c.gauges.Overdue
	out <- c.gauges.OldestWaiting
}

// Collect gives the gauges, at most censusPause old.
func (c *Census) Collect(out chan<- prometheus.Metric) {
	for _, m := range c.counted() {
		out <- m
	}
}

// counted lists without copying: nothing of an order is changed here. A cache that
// can't be read, such as one that is not complete, gives no gauges rather than
// those of before or none of the other metrics.
func (c *Census) counted() []prometheus.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if !c.at.IsZero() && now.Sub(c.at) < censusPause {
		return c.last
	}
	c.at, c.last = now, nil
	ctx, cancel := context.WithTimeout(context.Background(), censusTimeout)
	defer cancel()
	var orders v1alpha1.ZMAOrderList
	if err := c.reader.List(ctx, &orders, client.UnsafeDisableDeepCopy); err != nil {
		return nil
	}
	c.last = c.metrics(count(orders.Items, now))
	return c.last
}

func (c *Census) metrics(states map[orderState]tally, oldest map[accountKey]time.Duration) []prometheus.Metric {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	out := make([]prometheus.Metric, 0, 2*len(states)+len(oldest))
	for s, t := range states {
		out = append(out,
			gauge(c.gauges.Orders, float64(t.orders), s.namespace, s.account, s.reason),
			gauge(c.gauges.Overdue, float64(t.overdue), s.namespace, s.account, s.reason))
	}
	for a, age := range oldest {
		out = append(out, gauge(c.gauges.OldestWaiting, age.Seconds(), a.namespace, a.account))
	}
	return out
}

type accountKey struct{ namespace, account string }

type orderState struct {
	accountKey
	reason string
}

type tally struct{ orders, overdue int }

func count(orders []v1alpha1.ZMAOrder, now time.Time) (map[orderState]tally, map[accountKey]time.Duration) {
	states, oldest := map[orderState]tally{}, map[accountKey]time.Duration{}
	for i := range orders {
		o := &orders[i]
		key := orderState{accountKey{o.Namespace, o.Spec.AccountRef.Name}, condition.ReadyReason(o)}
		if key.reason == "" {
			key.reason = reasonNew
		}
		t := states[key]
		t.orders++
		if condition.IsTrue(o, v1alpha1.ConditionOverdue) {
			t.overdue++
		}
		states[key] = t
		oldest[key.accountKey] = max(oldest[key.accountKey], waited(o, now))
	}
	return states, oldest
}

// waited is the age of an order that goes on by itself; 0 for others. One without
// a status waits for its first reconciliation, which may be long in coming.
func waited(o *v1alpha1.ZMAOrder, now time.Time) time.Duration {
	if condition.ReadyReason(o) != "" && !condition.IsTrue(o, v1alpha1.ConditionReconciling) {
		return 0
	}
	return now.Sub(o.CreationTimestamp.Time)
}
