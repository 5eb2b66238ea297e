package books

import (
	"hash/fnv"
	"sync"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Purchase is what the provider has sold under one key. Minor units.
type Purchase struct {
	Identity v1alpha1.Identity
	Attempt  int64
	Cents    int64
}

// Provider sells once for each key, and answers a repeat with the first answer.
// Its record is what the books have to agree with.
type Provider struct {
	mu    sync.Mutex
	sold  map[string]Purchase
	calls int
}

// NewProvider has sold nothing yet.
func NewProvider() *Provider { return &Provider{sold: map[string]Purchase{}} }

// Buy is the paid call. A fourth of the keys are refused, always the same ones.
func (p *Provider) Buy(key string, id v1alpha1.Identity, attempt int64) (cents int64, bought bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	h := hash(key)
	if h%4 == 0 {
		return 0, false
	}
	if _, again := p.sold[key]; !again {
		p.sold[key] = Purchase{Identity: id, Attempt: attempt, Cents: 500 + int64(h%500)}
	}
	return p.sold[key].Cents, true
}

// Sold is a copy of the record, by key.
func (p *Provider) Sold() map[string]Purchase {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]Purchase, len(p.sold))
	for key, s := range p.sold {
		out[key] = s
	}
	return out
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // it never fails
	return h.Sum32()
}
