package machine

import (
	"math"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Backoff is the pause before try n (from 1): full jitter over an exponential
// that base starts and limit caps. roll is a random number in [0,1). Never less
// than floor, which is what the provider asked for.
func Backoff(n int64, base, limit, floor time.Duration, roll float64) time.Duration {
	exp := float64(base) * math.Pow(2, float64(min(n-1, 30)))
	pause := time.Duration(roll * min(exp, float64(limit)))
	return max(pause, floor, base/2)
}

// youth is how long an order counts as young; until then it is polled at the
// shortest interval.
const youth = 10 * time.Minute

// PollPause is the pause between two reads of an open order: the rule's interval
// while it is young, then growing with its age up to maxInterval. jitter in
// [0,1) moves it by up to a fifth either way, so that orders made together are
// not read together.
func PollPause(age time.Duration, rule v1alpha1.PollingRule, jitter float64) time.Duration {
	interval, limit := rule.Interval.Duration, rule.MaxInterval.Duration
	pause := interval
	if age > youth {
		pause = time.Duration(float64(interval) * float64(age) / float64(youth))
	}
	pause = min(pause, max(limit, interval))
	return time.Duration(float64(pause) * (0.8 + 0.4*jitter))
}
