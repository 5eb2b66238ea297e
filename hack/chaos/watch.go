package chaos

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/kstatus"
)

// watcher sees every status that is ever stored, and judges each.
type watcher struct {
	client    client.WithWatch
	namespace string
	cancel    context.CancelFunc
	ended     chan struct{}
	version   string // of the last status seen

	mu         sync.Mutex
	began      time.Time
	statuses   int
	progress   *oracle.Progress
	violations []string
	stories    map[string][]string // by external ID
}

// observe watches a namespace past every link.
func observe(ctx context.Context, c client.WithWatch, namespace string, began time.Time) (*watcher, error) {
	w := &watcher{
		client: c, namespace: namespace, began: began, ended: make(chan struct{}), progress: oracle.NewProgress(),
		stories: map[string][]string{},
	}
	ctx, w.cancel = context.WithCancel(ctx)
	stream, err := w.open(ctx)
	if err != nil {
		return nil, err
	}
	go w.run(ctx, stream)
	return w, nil
}

// open watches from where the last watch ended. The API server ends those that
// do not keep up.
func (w *watcher) open(ctx context.Context) (watch.Interface, error) {
	options := &client.ListOptions{Namespace: w.namespace, Raw: &metav1.ListOptions{ResourceVersion: w.version}}
	return w.client.Watch(ctx, &v1alpha1.ZMAOrderList{}, options)
}

func (w *watcher) run(ctx context.Context, stream watch.Interface) {
	defer close(w.ended)
	for {
		for e := range stream.ResultChan() {
			if o, ok := e.Object.(*v1alpha1.ZMAOrder); ok {
				w.version = o.ResourceVersion
				w.see(e.Type, o)
			} else if e.Type == watch.Error {
				w.version = "" // too old: what was missed can't be judged
			}
		}
		stream.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			var err error
			if stream, err = w.open(ctx); err == nil {
				break
			}
		}
	}
}

func (w *watcher) stop() {
	w.cancel()
	<-w.ended
}

// restart starts the clock of the stories again.
func (w *watcher) restart(began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = began
}

func (w *watcher) see(kind watch.EventType, o *v1alpha1.ZMAOrder) {
	id := externalID(o)
	w.mu.Lock()
	defer w.mu.Unlock()
	if kind == watch.Deleted {
		w.tell(id, "gone")
		return
	}
	w.statuses++
	w.tell(id, line(o))
	if err := kstatus.CheckOrder(o); err != nil {
		w.violations = append(w.violations, fmt.Sprintf("order %s: a status breaks the rules: %v; %s", id, err, conditions(o)))
	}
	if err := w.progress.See(step(o)); err != nil {
		w.violations = append(w.violations, fmt.Sprintf("order %s: %v; %s", id, err, strings.Join(w.stories[id], " > ")))
	}
}

// wipe notes that an order is about to lose its status by our own hand.
func (w *watcher) wipe(uid string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress.Wipe(uid)
}

// count is how many statuses were judged.
func (w *watcher) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.statuses
}

// broken are the rules broken so far.
func (w *watcher) broken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.violations...)
}

func (w *watcher) story(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.stories[id], "\n    ")
}

// tell adds to an order's story unless it says the same again. The caller has
// the lock.
func (w *watcher) tell(id, what string) {
	story := w.stories[id]
	if n := len(story); n > 0 && strings.HasSuffix(story[n-1], "s  "+what) {
		return
	}
	w.stories[id] = append(story, fmt.Sprintf("%.2fs  %s", time.Since(w.began).Seconds(), what))
}
