package limit

import "time"

// Rate is how much one key may do.
type Rate struct {
	// PerMinute in the long run; at least 1.
	PerMinute int32
	// Burst at once; at least 1.
	Burst int32
}

// State of a key after a question.
type State struct {
	// OK when there was a token.
	OK bool
	// Left is how many whole tokens there are now.
	Left int64
	// Next is how long until there is one more; zero when the bucket is full.
	Next time.Duration
}

// token is how long one token takes to grow back, rounded up: never more than
// the rate is admitted.
func (r Rate) token() time.Duration {
	perMinute := time.Duration(r.PerMinute)
	return (time.Minute + perMinute - 1) / perMinute
}

// depth is how long an empty bucket takes to be full.
func (r Rate) depth() time.Duration { return time.Duration(r.Burst) * r.token() }

// bucket is a token bucket as one number, when it is full again, which is what
// the generic cell rate algorithm keeps. Buckets of several replicas are put
// together by the later of two times and a sum, and so by one statement in the
// database; a bucket that counts tokens could not be.
type bucket struct {
	key  string
	rate Rate
	full time.Time

	// Since the last exchange:
	taken int64 // tokens
	asked int64 // requests, refused ones too
}

// behind is how long the bucket takes to be full.
func (b *bucket) behind(now time.Time) time.Duration { return max(0, b.full.Sub(now)) }

func (b *bucket) has(now time.Time) bool {
	return b.behind(now)+b.rate.token() <= b.rate.depth()
}

func (b *bucket) take(now time.Time) bool {
	b.asked++
	if !b.has(now) {
		return false
	}
	b.taken++
	b.full = now.Add(b.behind(now) + b.rate.token())
	return true
}

func (b *bucket) state(ok bool, now time.Time) State {
	behind, token := b.behind(now), b.rate.token()
	s := State{OK: ok, Left: int64(max(0, b.rate.depth()-behind) / token)}
	if behind > 0 {
		s.Next = behind - b.rate.depth() + time.Duration(s.Left+1)*token
	}
	return s
}

// follow takes over a changed rate at once. Tokens that are there stay, and debts
// too; what was used up is not given back. Use.Behind carries them to the row of
// the new rate.
func (b *bucket) follow(r Rate, now time.Time) {
	if b.rate == r {
		return
	}
	tokens := float64(b.rate.depth()-b.behind(now)) / float64(b.rate.token())
	missing := max(0, float64(r.Burst)-tokens)
	b.full = now.Add(time.Duration(missing * float64(r.token())))
	b.rate, b.taken = r, 0
}
