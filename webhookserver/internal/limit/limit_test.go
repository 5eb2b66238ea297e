package limit

import (
	"fmt"
	"testing"
	"time"
)

var start = time.Unix(1_700_000_000, 0)

func take(t *testing.T, k *Keyed, key string, r Rate, now time.Time, want bool) {
	t.Helper()
	if got, _ := k.Take(key, r, now); got != want {
		t.Fatalf("take of %q at %s: %v, want %v", key, now.Sub(start), got, want)
	}
}

func TestTakeAllowsABurstAndThenTheRate(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 2}
	take(t, k, "a", r, start, true)
	take(t, k, "a", r, start, true)
	take(t, k, "a", r, start, false)
	take(t, k, "b", r, start, true) // another key is not touched
	if ok, after := k.Take("a", r, start); ok || after <= 0 || after > time.Second {
		t.Errorf("taken %v, wait %s; want a wait of up to a second", ok, after)
	}
	take(t, k, "a", r, start.Add(time.Second), true)
	take(t, k, "a", r, start.Add(time.Second), false)
}

func TestHasTakesNothing(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 1}
	for range 3 {
		if ok, _ := k.Has("a", r, start); !ok {
			t.Fatal("looking took a token")
		}
	}
	take(t, k, "a", r, start, true)
	if ok, after := k.Has("a", r, start); ok || after <= 0 {
		t.Errorf("has %v, wait %s after the last token", ok, after)
	}
}

func TestAChangedRateTakesEffect(t *testing.T) {
	k := NewKeyed(10)
	take(t, k, "a", Rate{PerMinute: 1, Burst: 1}, start, true)
	take(t, k, "a", Rate{PerMinute: 1, Burst: 1}, start.Add(time.Second), false)
	take(t, k, "a", Rate{PerMinute: 600, Burst: 5}, start.Add(time.Second), false)
	take(t, k, "a", Rate{PerMinute: 600, Burst: 5}, start.Add(2*time.Second), true)
}

func TestKeysAreBounded(t *testing.T) {
	k, r := NewKeyed(3), Rate{PerMinute: 1, Burst: 1}
	take(t, k, "kept", r, start, true)
	for i := range 100 {
		take(t, k, fmt.Sprint(i), r, start, true)
		take(t, k, "kept", r, start, false) // used again and again, so never forgotten
	}
	if k.Len() != 3 {
		t.Errorf("%d buckets, want 3", k.Len())
	}
}

func TestARateOfNothingIsNotUnlimited(t *testing.T) {
	k := NewKeyed(0)
	take(t, k, "a", Rate{}, start, true)
	take(t, k, "a", Rate{}, start, false)
}
