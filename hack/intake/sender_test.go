package intake

import (
	"testing"
	"time"
)

func TestPausesGrowAndHonourRetryAfter(t *testing.T) {
	for reason, c := range map[string]struct {
		tries      int
		retryAfter string
		from, to   time.Duration
	}{
		"the first":                       {1, "", 50 * time.Millisecond, 101 * time.Millisecond},
		"the third":                       {3, "", 450 * time.Millisecond, 901 * time.Millisecond},
		"never longer than the longest":   {100, "", 4 * time.Second, 8*time.Second + 1},
		"never shorter than asked for":    {1, "10", 10 * time.Second, 10101 * time.Millisecond},
		"what can't be read asks nothing": {1, "soon", 50 * time.Millisecond, 101 * time.Millisecond},
	} {
		for range 100 {
			if p := pause(c.tries, c.retryAfter); p < c.from || p > c.to {
				t.Errorf("%s: %s, want %s to %s", reason, p, c.from, c.to)
			}
		}
	}
}

func TestSendersStopAtFinalAnswers(t *testing.T) {
	for _, status := range []int{200, 202, 400, 401, 404, 409, 413, 415} {
		if !final(status) {
			t.Errorf("a sender goes on at %d", status)
		}
	}
	for _, status := range []int{0, 301, 403, 408, 429, 500, 502, 503, 504} {
		if final(status) {
			t.Errorf("a sender stops at %d", status)
		}
	}
}
