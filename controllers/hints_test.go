package controllers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// hintWorld is hints and the queue of what they reconcile.
type hintWorld struct {
	*Hints
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

func newHintWorld(t *testing.T, faults interceptor.Funcs, orders ...client.Object) *hintWorld {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(orders...).
		WithIndex(&v1alpha1.ZMAOrder{}, indexRequest, requestOf).WithInterceptorFuncs(faults).Build()
	w := &hintWorld{Hints: newHints(act.NewPolls(), c, m),
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())}
	t.Cleanup(w.queue.ShutDown)
	return w
}

// next waits for what is reconciled next.
func (w *hintWorld) next(t *testing.T) string {
	t.Helper()
	defer time.AfterFunc(20*time.Second, w.queue.ShutDown).Stop()
	got, down := w.queue.Get()
	if down {
		t.Fatal("nothing came in time")
	}
	w.queue.Done(got)
	return got.String()
}

func (w *hintWorld) unknown() float64 {
	return testutil.ToFloat64(w.metrics.CallbackHints.WithLabelValues(hintUnknown))
}

func (w *hintWorld) hinted(o *v1alpha1.ZMAOrder) bool {
	_, hinted := w.polls.Last(o)
	return hinted
}

func submitted(namespace, name, account, requestID string) *v1alpha1.ZMAOrder {
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.ZMAOrderSpec{AccountRef: v1alpha1.LocalReference{Name: account}}}
	if requestID != "" {
		o.Status.Submission = &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionAccepted, RequestID: requestID}
	}
	return o
}

func TestHintsWakeTheOrderTheyAreAbout(t *testing.T) {
	w := newHintWorld(t, interceptor.Funcs{}, submitted("shop", "zo-1", "main", "r-1"), submitted("shop", "zo-2", "main", "r-2"))
	if err := w.source().Start(t.Context(), w.queue); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		hint callback.Hint
		want string
	}{
		{callback.Hint{Namespace: "shop", Order: "zo-1"}, "shop/zo-1"},
		{callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-2"}, "shop/zo-2"},
		{callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-1"}, "shop/zo-1"},
		{callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-1"}, "shop/zo-1"},
	} {
		w.Send(step.hint)
		if got := w.next(t); got != step.want {
			t.Errorf("%v reconciles %s, want %s", step.hint, got, step.want)
		}
	}
	if !w.hinted(submitted("shop", "zo-2", "main", "r-2")) || w.unknown() != 0 {
		t.Errorf("the order is not read at once; unknown: %v", w.unknown())
	}
}

func TestARequestIDFindsOnlyItsOwnOrder(t *testing.T) {
	cases := map[string]struct {
		hint    callback.Hint
		want    []string
		unknown float64
	}{
		"the order of the account":               {callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-1"}, []string{"shop/zo-1"}, 0},
		"the other account's order of that ID":   {callback.Hint{Namespace: "shop", Account: "other", RequestID: "r-1"}, []string{"shop/zo-other"}, 0},
		"the order of that ID elsewhere":         {callback.Hint{Namespace: "far", Account: "main", RequestID: "r-1"}, []string{"far/zo-1"}, 0},
		"an ID that nobody has":                  {callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-9"}, nil, 1},
		"an ID that another account has":         {callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-2"}, nil, 1},
		"an ID that another namespace has":       {callback.Hint{Namespace: "near", Account: "main", RequestID: "r-1"}, nil, 1},
		"an order without a request is no match": {callback.Hint{Namespace: "shop", Account: "main"}, nil, 1},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			w := newHintWorld(t, interceptor.Funcs{},
				submitted("shop", "zo-1", "main", "r-1"), submitted("shop", "zo-other", "other", "r-1"), submitted("far", "zo-1", "main", "r-1"),
				submitted("shop", "zo-2", "other", "r-2"), submitted("shop", "zo-0", "main", ""))
			var got []string
			for _, r := range w.requests(t.Context(), tc.hint) {
				got = append(got, r.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || w.unknown() != tc.unknown {
				t.Errorf("%s; unknown counted: %v, want %v", diff, w.unknown(), tc.unknown)
			}
		})
	}
}

// The provider may call back before our own write of its request ID is in the
// cache. Then the write wakes the order, once.
func TestACallbackBeforeItsRequestIDIsOnRecordIsNotLost(t *testing.T) {
	w := newHintWorld(t, interceptor.Funcs{})
	hint := callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-1"}
	if got := w.requests(t.Context(), hint); len(got) != 0 || w.unknown() != 1 {
		t.Fatalf("reconciles %v; unknown counted: %v", got, w.unknown())
	}
	before, after := submitted("shop", "zo-1", "main", ""), submitted("shop", "zo-1", "main", "r-1")
	stranger := submitted("shop", "zo-2", "other", "r-1")
	w.claims().Update(t.Context(), event.UpdateEvent{ObjectOld: stranger, ObjectNew: stranger}, w.queue)
	w.claims().Create(t.Context(), event.CreateEvent{Object: before}, w.queue)
	if w.queue.Len() != 0 {
		t.Fatal("an order that the callback is not about took it")
	}
	w.claims().Update(t.Context(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, w.queue)
	if got := w.next(t); got != "shop/zo-1" || !w.hinted(after) || w.hinted(stranger) {
		t.Errorf("reconciles %s, read at once: %v", got, w.hinted(after))
	}
	w.claims().Update(t.Context(), event.UpdateEvent{ObjectOld: after, ObjectNew: after}, w.queue)
	if w.queue.Len() != 0 {
		t.Error("the callback woke the order twice")
	}
}

func TestAHintThatFoundItsOrderIsNotKept(t *testing.T) {
	o := submitted("shop", "zo-1", "main", "r-1")
	w := newHintWorld(t, interceptor.Funcs{}, o)
	w.requests(t.Context(), callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-1"})
	w.claims().Update(t.Context(), event.UpdateEvent{ObjectOld: o, ObjectNew: o}, w.queue)
	if w.queue.Len() != 0 {
		t.Error("the hint woke the order again")
	}
}

func TestAHintSurvivesACacheThatCantBeRead(t *testing.T) {
	broken := interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return errors.New("cache is not started")
	}}
	w := newHintWorld(t, broken)
	hint := callback.Hint{Namespace: "shop", Account: "main", RequestID: "r-1"}
	if got := w.requests(t.Context(), hint); len(got) != 0 || w.unknown() != 0 {
		t.Errorf("reconciles %v; unknown counted: %v", got, w.unknown())
	}
	w.claims().Create(t.Context(), event.CreateEvent{Object: submitted("shop", "zo-1", "main", "r-1")}, w.queue)
	if got := w.next(t); got != "shop/zo-1" {
		t.Errorf("reconciles %s", got)
	}
}

func TestUnclaimedHintsAreBounded(t *testing.T) {
	var e earlyHints
	hint := func(i int) callback.Hint {
		return callback.Hint{Namespace: "shop", Account: "main", RequestID: fmt.Sprint(i)}
	}
	for i := range maxEarlyHints + 2 {
		e.keep(hint(i))
		e.keep(hint(i)) // again, and no second place taken
	}
	if len(e.held) != maxEarlyHints || len(e.oldest) != maxEarlyHints {
		t.Errorf("%d held, %d in order, want %d", len(e.held), len(e.oldest), maxEarlyHints)
	}
	for i, want := range map[int]bool{0: false, 1: false, 2: true, maxEarlyHints + 1: true} {
		if got := e.take(hint(i)); got != want {
			t.Errorf("hint %d held: %v, want %v", i, got, want)
		}
	}
	if e.take(hint(2)) || len(e.oldest) != maxEarlyHints-2 {
		t.Error("a hint was taken twice")
	}
}

func TestAFloodOfHintsDoesNotBlock(t *testing.T) {
	w := newHintWorld(t, interceptor.Funcs{})
	for range hintBuffer + 10 { // nobody takes them
		w.Send(callback.Hint{Namespace: "shop", Order: "zo-1"})
	}
	if len(w.events) != hintBuffer {
		t.Errorf("%d hints wait, want %d", len(w.events), hintBuffer)
	}
}
