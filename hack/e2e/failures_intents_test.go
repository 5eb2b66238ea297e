package e2e

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// intents counts the intents that were ever stored for each order, by watching
// each version of it.
type intents struct {
	mu    sync.Mutex
	count map[string]int64
	last  map[string]v1alpha1.Submission
}

func (s *scene) watchIntents() *intents {
	s.t.Helper()
	in := &intents{count: map[string]int64{}, last: map[string]v1alpha1.Submission{}}
	watcher, err := s.client.Watch(context.Background(), &v1alpha1.ZMAOrderList{}, client.InNamespace(s.namespace))
	s.must(err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e := range watcher.ResultChan() {
			if o, ok := e.Object.(*v1alpha1.ZMAOrder); ok && e.Type != watch.Deleted && o.Status.Submission != nil {
				in.note(o.Name, *o.Status.Submission)
			}
		}
	}()
	s.t.Cleanup(func() {
		watcher.Stop()
		<-ended
	})
	return in
}

// note counts a version in which an intent is new.
func (in *intents) note(name string, sub v1alpha1.Submission) {
	in.mu.Lock()
	defer in.mu.Unlock()
	last := in.last[name]
	same := last.State == v1alpha1.SubmissionIntended && last.Sends == sub.Sends && last.IntentAt.Equal(&sub.IntentAt)
	if sub.State == v1alpha1.SubmissionIntended && !same {
		in.count[name]++
	}
	in.last[name] = sub
}

func (in *intents) of(name string) int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.count[name]
}
