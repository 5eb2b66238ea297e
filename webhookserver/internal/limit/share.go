package limit

import (
	"cmp"
	"slices"
	"time"
)

const (
	// Period of exchanges between replicas.
	Period = time.Second
	// Slack that the shared bucket has beside its burst. What others took during a
	// period arrives as if all at once; without slack, a small burst would refuse a
	// sender who keeps the rate.
	Slack = 2 * Period
)

// Use is what a key took since its last exchange.
type Use struct {
	// Key and Rate of the bucket.
	Key  string
	Rate Rate
	// Taken is how long the tokens taken since then need to grow back.
	Taken time.Duration
	// Behind is how long this replica's own bucket needs to be full: others must not
	// know less than we do, even when rows were lost or limits have changed.
	Behind time.Duration

	bucket       *bucket
	asked, taken int64
}

// Collect returns at most n keys that were asked for since their last exchange,
// the busiest first, and begins to count anew for them. The others stay for the
// next time. When the exchange fails, what was taken is forgotten: it may have
// been counted all the same, and an outage must leave no debt that refuses a
// sender for as long as it lasted. Behind still tells of it.
func (k *Keyed) Collect(n int, now time.Time) []Use {
	uses := k.active(now)
	if n = max(n, 0); len(uses) > n {
		slices.SortFunc(uses, func(a, b Use) int { return cmp.Compare(b.asked, a.asked) })
		uses = uses[:n]
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, u := range uses {
		u.bucket.told(u)
	}
	return uses
}

// active is apart from the sorting, which requests must not wait for.
func (k *Keyed) active(now time.Time) []Use {
	k.mu.Lock()
	defer k.mu.Unlock()
	now = k.clock(now)
	uses := make([]Use, 0, k.order.Len())
	for e := k.order.Front(); e != nil; e = e.Next() {
		if b := e.Value.(*bucket); b.asked > 0 {
			uses = append(uses, Use{Key: b.key, Rate: b.rate, Taken: time.Duration(b.taken) * b.rate.token(),
				Behind: b.behind(now), bucket: b, asked: b.asked, taken: b.taken})
		}
	}
	return uses
}

// told leaves what came since, or what changed limits have put to nothing.
func (b *bucket) told(u Use) {
	b.asked -= u.asked
	if b.rate == u.Rate {
		b.taken = max(0, b.taken-u.taken)
	}
}

// Learn empties the buckets of uses to what the shared ones have left. behind has
// one entry for each: how long that bucket needs to be full. None is ever filled:
// another replica may be taking the same tokens.
func (k *Keyed) Learn(uses []Use, behind []time.Duration, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now = k.clock(now)
	for i, d := range behind {
		uses[i].bucket.learn(uses[i].Rate, d, now)
	}
}

// learn leaves a bucket alone whose limits have changed meanwhile: there is another
// row for it.
func (b *bucket) learn(r Rate, behind time.Duration, now time.Time) {
	unshared := time.Duration(b.taken) * b.rate.token()
	if full := now.Add(behind + unshared - Slack); b.rate == r && full.After(b.full) {
		b.full = full
	}
}
