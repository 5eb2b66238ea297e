package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// pendingSince knows since when each order waits to be mirrored.
type pendingSince struct {
	mu    sync.Mutex
	since map[types.NamespacedName]time.Time
}

func (p *pendingSince) add(key types.NamespacedName, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since == nil {
		p.since = map[types.NamespacedName]time.Time{}
	}
	if _, ok := p.since[key]; !ok {
		p.since[key] = now
	}
}

func (p *pendingSince) done(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.since, key)
}

// oldest is the longest wait.
func (p *pendingSince) oldest(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var longest time.Duration
	for _, since := range p.since {
		longest = max(longest, now.Sub(since))
	}
	return longest
}
