package strangers

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// senders of the load.
const senders = 4

// load are honest senders that post to one source all the time.
type load struct {
	target  *target
	witness *witness
	source  string
	sign    func(string, message) http.Header
	make    func(id string) []byte
	// key that they sign with; each takes it anew for every webhook.
	key atomic.Pointer[string]

	stop chan struct{}
	once sync.Once
	done sync.WaitGroup

	mu       sync.Mutex
	statuses map[int]int
	answered func(reply) // each answer; may be nil
}

// start begins to post. An answer other than those allowed is an error of the
// test, and so is a request that is not answered.
func (l *load) start(t *testing.T, key string, allowed ...int) {
	l.stop, l.statuses = make(chan struct{}), map[int]int{}
	l.key.Store(&key)
	t.Cleanup(l.halt)
	for range senders {
		l.done.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				case <-time.After(20 * time.Millisecond):
					l.send(t, allowed)
				}
			}
		})
	}
}

func (l *load) send(t *testing.T, allowed []int) {
	m := newMessage(time.Now())
	if l.make != nil {
		m.body = l.make(newID())
	}
	h := jsonHeader(l.sign(*l.key.Load(), m))
	r, err := ask(t.Context(), l.target.client(), http.MethodPost, l.target.base()+l.target.world.path(l.source), h, m.body)
	if t.Context().Err() != nil {
		return // the test has been given up
	}
	if err != nil || !one(r.status, allowed...) {
		t.Errorf("an honest webhook under load: %v, %v", r, err)
	}
	l.witness.expect(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.statuses[r.status]++
	if l.answered != nil {
		l.answered(r)
	}
}

// count tells how often a status was answered.
func (l *load) count(status int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.statuses[status]
}

func (l *load) halt() {
	l.once.Do(func() { close(l.stop) })
	l.done.Wait()
}

// end stops the senders and tells how often each status was answered.
func (l *load) end(t *testing.T) map[int]int {
	t.Helper()
	l.halt()
	t.Logf("answers under load: %v", l.statuses)
	return l.statuses
}

// change changes a source in the cluster.
func (w *world) change(t *testing.T, name string, change func(*v1alpha1.WebhookSource)) {
	t.Helper()
	var src v1alpha1.WebhookSource
	if err := w.site.Client.Get(t.Context(), client.ObjectKey{Namespace: w.site.Namespace, Name: name}, &src); err != nil {
		t.Fatal(err)
	}
	change(&src)
	if err := w.site.Client.Update(t.Context(), &src); err != nil {
		t.Fatal(err)
	}
}

// await waits until a change is known.
func await(t *testing.T, what string, known func() bool) {
	t.Helper()
	for deadline := time.Now().Add(settle); !known(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, settle)
		}
	}
}
