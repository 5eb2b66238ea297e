package act

import (
	"hash/fnv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Polls remembers when each open order was last read, and which the provider has
// called back about since. It is memory only: after a restart every open order
// is read at once, which costs calls and loses nothing.
type Polls struct {
	mu     sync.Mutex
	seen   map[types.NamespacedName]time.Time
	hinted map[types.NamespacedName]bool
}

// NewPolls makes an empty memory.
func NewPolls() *Polls {
	return &Polls{seen: map[types.NamespacedName]time.Time{}, hinted: map[types.NamespacedName]bool{}}
}

// Hint notes a callback about an order.
func (p *Polls) Hint(order types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hinted[order] = true
}

// Begin notes that an order is about to be read, which meets the callbacks until
// now. One that comes while it is read asks for another read.
func (p *Polls) Begin(o *v1alpha1.ZMAOrder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.hinted, nameOf(o))
}

// Seen notes that an order was read just now.
func (p *Polls) Seen(o *v1alpha1.ZMAOrder, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[nameOf(o)] = at
}

// Last tells when an order was last read, and whether a callback came since.
func (p *Polls) Last(o *v1alpha1.ZMAOrder) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[nameOf(o)], p.hinted[nameOf(o)]
}

// Forget drops an order that is gone.
func (p *Polls) Forget(order types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, order)
	delete(p.hinted, order)
}

// Jitter spreads orders over [0,1), the same number for the same order.
func Jitter(o *v1alpha1.ZMAOrder) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(o.UID))
	return float64(h.Sum32()) / (1 << 32)
}

func nameOf(o *v1alpha1.ZMAOrder) types.NamespacedName {
	return types.NamespacedName{Namespace: o.Namespace, Name: o.Name}
}
