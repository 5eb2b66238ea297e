package measure

import (
	"slices"
	"time"
)

// Rate is how fast the provider was called, beside how fast it may be: a tenth of
// the rate at once, and then the rate.
type Rate struct {
	PerMinute int `json:"perMinute"`
	// PeakMinute and PeakSecond are the most submissions in any window of sixty
	// seconds and of one.
	PeakMinute int `json:"peakMinute"`
	PeakSecond int `json:"peakSecond"`
	// LimitMinute and LimitSecond are the most that the account's limit lets into
	// such a window.
	LimitMinute int `json:"limitMinute"`
	LimitSecond int `json:"limitSecond"`
}

// Within tells whether the limit was kept.
func (r Rate) Within() bool {
	return r.PeakMinute <= r.LimitMinute && r.PeakSecond <= r.LimitSecond
}

// rate judges every submission that reached the provider, repeats and refused ones
// included.
func (r Run) rate() Rate {
	var at []time.Time
	for _, q := range r.submissions() {
		at = append(at, q.At)
	}
	slices.SortFunc(at, time.Time.Compare)
	return Rate{
		PerMinute:  r.RatePerMinute,
		PeakMinute: peak(at, time.Minute), LimitMinute: most(r.RatePerMinute, time.Minute),
		PeakSecond: peak(at, time.Second), LimitSecond: most(r.RatePerMinute, time.Second),
	}
}

// most is how many calls a full bucket lets into a window.
func most(perMinute int, window time.Duration) int {
	atOnce := max(1, perMinute/10)
	return atOnce + int(time.Duration(perMinute)*window/time.Minute)
}

// peak is the most times in any window of a length; its end does not belong to it.
// The times are sorted.
func peak(at []time.Time, window time.Duration) (n int) {
	first := 0
	for last := range at {
		for at[last].Sub(at[first]) >= window {
			first++
		}
		n = max(n, last-first+1)
	}
	return n
}
