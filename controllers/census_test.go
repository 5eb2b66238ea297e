package controllers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

// censusStart is when the clock of these tests starts.
var censusStart = time.Unix(1_750_000_000, 0)

// counted makes an order of an age; change gives it a status.
func counted(namespace, account, name string, age time.Duration, change func(*v1alpha1.ZMAOrder, metav1.Time)) *v1alpha1.ZMAOrder {
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(censusStart.Add(-age))},
		Spec:       v1alpha1.ZMAOrderSpec{AccountRef: v1alpha1.LocalReference{Name: account}},
	}
	if change != nil {
		change(o, metav1.NewTime(censusStart))
	}
	return o
}

func progress(reason string) func(*v1alpha1.ZMAOrder, metav1.Time) {
	return func(o *v1alpha1.ZMAOrder, now metav1.Time) { condition.Progress(o, reason, "", now) }
}

func stalled(reason string) func(*v1alpha1.ZMAOrder, metav1.Time) {
	return func(o *v1alpha1.ZMAOrder, now metav1.Time) { condition.Stall(o, reason, "", now) }
}

func overdue(change func(*v1alpha1.ZMAOrder, metav1.Time)) func(*v1alpha1.ZMAOrder, metav1.Time) {
	return func(o *v1alpha1.ZMAOrder, now metav1.Time) {
		change(o, now)
		condition.Set(o, v1alpha1.ConditionOverdue, metav1.ConditionTrue, condition.ReadyReason(o), "", now)
	}
}

// census over a fake cache, with a clock that the test moves and a hook that sees
// each list.
func census(t *testing.T, clock *time.Time, listed func(opts []client.ListOption) error, orders ...client.Object) (*Census, client.Client) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(orders...).
		WithInterceptorFuncs(interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if err := listed(opts); err != nil {
				return err
			}
			return c.List(ctx, list, opts...)
		}}).Build()
	return NewCensus(c, func() time.Time { return *clock }), c
}

func noHook([]client.ListOption) error { return nil }

func TestCensusCountsOrdersByState(t *testing.T) {
	clock := censusStart
	c, _ := census(t, &clock, noHook,
		counted("shop", "main", "new", time.Minute, nil),
		counted("shop", "main", "young", time.Minute, progress(v1alpha1.ReasonProcessing)),
		counted("shop", "main", "old", time.Hour, overdue(progress(v1alpha1.ReasonProcessing))),
		counted("shop", "main", "older, but waits for a person", 48*time.Hour, stalled(v1alpha1.ReasonNeedsDecision)),
		counted("shop", "main", "oldest, but ready", 72*time.Hour, overdue(func(o *v1alpha1.ZMAOrder, now metav1.Time) {
			condition.Ready(o, v1alpha1.ReasonShipped, "", now)
		})),
		counted("shop", "second", "other account", time.Hour, stalled(v1alpha1.ReasonNeedsDecision)),
		counted("other", "main", "other namespace", 30*time.Second, nil),
	)
	want := `
# HELP zma_orders Orders by reason of Ready; New before the first status.
# TYPE zma_orders gauge
zma_orders{account="main",namespace="other",reason="New"} 1
zma_orders{account="main",namespace="shop",reason="NeedsDecision"} 1
zma_orders{account="main",namespace="shop",reason="New"} 1
zma_orders{account="main",namespace="shop",reason="Processing"} 2
zma_orders{account="main",namespace="shop",reason="Shipped"} 1
zma_orders{account="second",namespace="shop",reason="NeedsDecision"} 1
# HELP zma_orders_overdue Orders that stay too long in their state by reason of Ready.
# TYPE zma_orders_overdue gauge
zma_orders_overdue{account="main",namespace="other",reason="New"} 0
zma_orders_overdue{account="main",namespace="shop",reason="NeedsDecision"} 0
zma_orders_overdue{account="main",namespace="shop",reason="New"} 0
zma_orders_overdue{account="main",namespace="shop",reason="Processing"} 1
zma_orders_overdue{account="main",namespace="shop",reason="Shipped"} 1
zma_orders_overdue{account="second",namespace="shop",reason="NeedsDecision"} 0
# HELP zma_order_oldest_waiting_seconds Age of the oldest order that goes on by itself.
# TYPE zma_order_oldest_waiting_seconds gauge
zma_order_oldest_waiting_seconds{account="main",namespace="other"} 30
zma_order_oldest_waiting_seconds{account="main",namespace="shop"} 3600
zma_order_oldest_waiting_seconds{account="second",namespace="shop"} 0
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}

// TestCensusListsRarelyAndWithoutCopies: with very many orders a count is work,
// and a copy of all of them is memory.
func TestCensusListsRarelyAndWithoutCopies(t *testing.T) {
	clock, lists := censusStart, 0
	c, cache := census(t, &clock, func(opts []client.ListOption) error {
		lists++
		var o client.ListOptions
		o.ApplyOptions(opts)
		if o.UnsafeDisableDeepCopy == nil || !*o.UnsafeDisableDeepCopy {
			t.Error("all orders were copied")
		}
		return nil
	}, counted("shop", "main", "one", 0, nil))
	for _, step := range []struct {
		reason       string
		after        time.Duration
		lists, gives int
	}{
		{"the first scrape counts", 0, 1, 1},
		{"one within five seconds gets the same count", 4999 * time.Millisecond, 1, 1},
		{"the next one counts again", 5 * time.Second, 2, 2},
	} {
		clock = censusStart.Add(step.after)
		found := testutil.CollectAndCount(c, "zma_orders")
		if lists != step.lists || found != step.gives {
			t.Errorf("%s: %d lists and %d states, want %d and %d", step.reason, lists, found, step.lists, step.gives)
		}
		if lists == 1 && step.after == 0 {
			if err := cache.Create(t.Context(), counted("shop", "second", "two", 0, nil)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCensusOfAnUnreadableCacheSparesTheOtherMetrics: a scrape that fails would
// hide that the process runs.
func TestCensusOfAnUnreadableCacheSparesTheOtherMetrics(t *testing.T) {
	clock, unreadable := censusStart, error(nil)
	c, _ := census(t, &clock, func([]client.ListOption) error { return unreadable }, counted("shop", "main", "one", 0, nil))
	registry := prometheus.NewRegistry()
	registry.MustRegister(c, prometheus.NewCounter(prometheus.CounterOpts{Name: "other_total", Help: "Other."}))
	for _, step := range []struct {
		reason string
		err    error
		want   int
	}{
		{"counted", nil, 4},
		{"an old count would be a lie", errors.New("the cache is not complete"), 1},
		{"counted again", nil, 4},
	} {
		unreadable = step.err
		got, err := testutil.GatherAndCount(registry)
		if err != nil || got != step.want {
			t.Errorf("%s: %d metrics, %v, want %d", step.reason, got, err, step.want)
		}
		clock = clock.Add(censusPause)
	}
}
