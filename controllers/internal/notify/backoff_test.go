package notify

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	widest := func(n int64) int64 { return n - 1 }
	none := func(int64) int64 { return 0 }
	for attempt, want := range map[int32]time.Duration{
		0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 6: 32 * time.Minute, 7: time.Hour, 1000: time.Hour,
	} {
		if got := Backoff(attempt, time.Minute, time.Hour, widest); got != want {
			t.Errorf("attempt %d: at most %s, want %s", attempt, got, want)
		}
		if got := Backoff(attempt, time.Minute, time.Hour, none); got != 0 {
			t.Errorf("attempt %d: the whole span is not used: %s", attempt, got)
		}
	}
}
