package act

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// ignored remembers which requests this process has said to ignore, so that each is
// said once.
type ignored struct {
	mu   sync.Mutex
	said map[types.NamespacedName]string
}

func (i *ignored) news(order types.NamespacedName, value string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.said == nil {
		i.said = map[types.NamespacedName]string{}
	}
	if value == "" || i.said[order] == value {
		return false
	}
	i.said[order] = value
	return true
}

func (i *ignored) forget(order types.NamespacedName) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.said, order)
}

// Ignore tells of a request for recovery that does not count because nobody has
// stamped who asked. Silence would let a person wait for ever.
func (x *Executors) Ignore(ctx context.Context, t *Task) {
	if !t.AskedIgnored || !x.ignored.news(nameOf(t.Order), t.Order.Annotations[v1alpha1.AnnotationRecover]) {
		return
	}
	x.Metrics.RecoveryRequests.WithLabelValues("unknown", "ignored").Inc()
	log(ctx).Info("A request for recovery is ignored: it has no stamp of who asked")
	x.Events.Eventf(t.Order, nil, corev1.EventTypeWarning, "RecoveryIgnored", "Recover",
		"The request has no stamp of who asked, so it is ignored. Is the admission policy of config/admission installed?")
}
