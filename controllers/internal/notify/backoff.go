package notify

import "time"

// Backoff is how long a deferred mail waits: anything up to base doubled with
// each attempt, at most limit. The whole span is random, so that the mails of an
// outage do not come back together. random gives a number from 0 to below n.
func Backoff(attempt int32, base, limit time.Duration, random func(n int64) int64) time.Duration {
	span := base
	for i := int32(1); i < attempt && span < limit; i++ {
		span *= 2
	}
	return time.Duration(random(int64(min(span, limit)) + 1))
}
