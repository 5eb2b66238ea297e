// Package limit holds rate limiters by key, bounded in number, so that a flood
// from many addresses can't fill the memory.
package limit

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how much one key may do.
type Rate struct {
	// PerMinute in the long run; at least 1.
	PerMinute int32
	// Burst at once; at least 1.
	Burst int32
}

// Keyed keeps one token bucket for each key and forgets the one that was used
// least recently when there are too many. A forgotten key starts with a full
// bucket.
type Keyed struct {
	max int

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // most recently used first
}

type bucket struct {
	key     string
	rate    Rate
	limiter *rate.Limiter
}

// NewKeyed keeps at most max buckets; at least 1.
func NewKeyed(max int) *Keyed {
	return &Keyed{max: max, byKey: map[string]*list.Element{}, order: list.New()}
}

// Take takes one token of key, and tells whether there was one; if not, how
// long until the next.
func (k *Keyed) Take(key string, r Rate, now time.Time) (bool, time.Duration) {
	l := k.limiter(key, r, now)
	if l.AllowN(now, 1) {
		return true, 0
	}
	return false, wait(l, now)
}

// Has tells whether key has a token, without taking it; if not, how long until
// the next.
func (k *Keyed) Has(key string, r Rate, now time.Time) (bool, time.Duration) {
	l := k.limiter(key, r, now)
	if l.TokensAt(now) >= 1 {
		return true, 0
	}
	return false, wait(l, now)
}

// Len is the number of buckets.
func (k *Keyed) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.order.Len()
}

func wait(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}

func (k *Keyed) limiter(key string, r Rate, now time.Time) *rate.Limiter {
	r = Rate{PerMinute: max(r.PerMinute, 1), Burst: max(r.Burst, 1)}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.byKey[key]; ok {
		k.order.MoveToFront(e)
		return e.Value.(*bucket).at(r, now)
	}
	if k.order.Len() >= max(k.max, 1) {
		last := k.order.Back()
		k.order.Remove(last)
		delete(k.byKey, last.Value.(*bucket).key)
	}
	b := &bucket{key: key, rate: r, limiter: rate.NewLimiter(perSecond(r), int(r.Burst))}
	k.byKey[key] = k.order.PushFront(b)
	return b.limiter
}

// at follows a changed configuration and keeps what has been used up.
func (b *bucket) at(r Rate, now time.Time) *rate.Limiter {
	if b.rate != r {
		b.rate = r
		b.limiter.SetLimitAt(now, perSecond(r))
		b.limiter.SetBurstAt(now, int(r.Burst))
	}
	return b.limiter
}

func perSecond(r Rate) rate.Limit { return rate.Limit(float64(r.PerMinute) / 60) }
