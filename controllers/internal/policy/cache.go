package policy

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Cache keeps each policy compiled, in its latest generation.
type Cache struct {
	mu      sync.Mutex
	entries map[types.NamespacedName]cacheEntry
}

type cacheEntry struct {
	uid        types.UID
	generation int64
	compiled   *Compiled
	err        error
}

// NewCache makes an empty cache.
func NewCache() *Cache { return &Cache{entries: map[types.NamespacedName]cacheEntry{}} }

// Get returns the compiled policy, or what is wrong with it.
func (c *Cache) Get(p *v1alpha1.OrderPolicy) (*Compiled, error) {
	key := types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok && e.uid == p.UID && e.generation == p.Generation {
		return e.compiled, e.err
	}
	e := cacheEntry{uid: p.UID, generation: p.Generation}
	e.compiled, e.err = Compile(p.Spec)
	c.entries[key] = e
	return e.compiled, e.err
}

// Forget drops a policy that is gone.
func (c *Cache) Forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}
