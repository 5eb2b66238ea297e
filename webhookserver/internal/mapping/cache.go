package mapping

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Cache keeps sources compiled, each in the generation that was asked for last.
type Cache struct {
	mu      sync.Mutex
	entries *lru.Cache
}

type cacheEntry struct {
	generation int64
	compile    func() (*Mapper, error)
}

// NewCache makes an empty cache of max sources; those not used for the longest
// time make room.
func NewCache(max int) *Cache { return &Cache{entries: lru.New(max)} }

// Get returns the compiled source, or what is wrong with it. Requests that come
// at once compile it once. One without a UID, which is not from the API server,
// is not kept.
func (c *Cache) Get(src *v1alpha1.WebhookSource) (*Mapper, error) {
	if src.UID == "" {
		return Compile(src)
	}
	return c.entry(src).compile()
}

func (c *Cache) entry(src *v1alpha1.WebhookSource) cacheEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.find(src.UID); ok && found.generation == src.Generation {
		return found
	}
	kept := src.DeepCopy()
	entry := cacheEntry{generation: src.Generation, compile: sync.OnceValues(func() (*Mapper, error) { return Compile(kept) })}
	c.entries.Add(src.UID, entry)
	return entry
}

func (c *Cache) find(uid types.UID) (cacheEntry, bool) {
	v, ok := c.entries.Get(uid)
	if !ok {
		return cacheEntry{}, false
	}
	entry, ok := v.(cacheEntry)
	return entry, ok
}
