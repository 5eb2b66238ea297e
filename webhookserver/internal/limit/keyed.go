package limit

import (
	"container/list"
	"sync"
	"time"
)

// Keyed keeps one token bucket for each key and forgets the one that was used
// least recently when there are too many. A forgotten key starts with a full
// bucket.
type Keyed struct {
	max int

	mu     sync.Mutex
	latest time.Time // that anybody asked at
	byKey  map[string]*list.Element
	order  *list.List // most recently used first
}

// NewKeyed keeps at most max buckets; at least 1.
func NewKeyed(max int) *Keyed {
	return &Keyed{max: max, byKey: map[string]*list.Element{}, order: list.New()}
}

// Take takes one token of key, if there is one.
func (k *Keyed) Take(key string, r Rate, now time.Time) State {
	k.mu.Lock()
	defer k.mu.Unlock()
	now = k.clock(now)
	b := k.bucket(key, r, now)
	return b.state(b.take(now), now)
}

// Has tells whether key has a token, without taking it; if not, how long until
// the next.
func (k *Keyed) Has(key string, r Rate, now time.Time) (bool, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now = k.clock(now)
	b := k.bucket(key, r, now)
	if b.has(now) {
		return true, 0
	}
	return false, b.state(false, now).Next
}

// Len is the number of buckets.
func (k *Keyed) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.order.Len()
}

// clock never goes back: a request that was long under way asks at the time of
// its beginning, and would find the buckets of that time.
func (k *Keyed) clock(now time.Time) time.Time {
	if now.After(k.latest) {
		k.latest = now
	}
	return k.latest
}

func (k *Keyed) bucket(key string, r Rate, now time.Time) *bucket {
	r = Rate{PerMinute: max(r.PerMinute, 1), Burst: max(r.Burst, 1)}
	if e, ok := k.byKey[key]; ok {
		k.order.MoveToFront(e)
		b := e.Value.(*bucket)
		b.follow(r, now)
		return b
	}
	if k.order.Len() >= max(k.max, 1) {
		last := k.order.Back()
		k.order.Remove(last)
		delete(k.byKey, last.Value.(*bucket).key)
	}
	b := &bucket{key: key, rate: r, full: now}
	k.byKey[key] = k.order.PushFront(b)
	return b
}
