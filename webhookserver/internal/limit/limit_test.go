package limit

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Unix(1_700_000_000, 0)

func take(t *testing.T, k *Keyed, key string, r Rate, now time.Time, want bool) {
	t.Helper()
	if got := k.Take(key, r, now); got.OK != want {
		t.Fatalf("take of %q at %s: %+v, want %v", key, now.Sub(start), got, want)
	}
}

func TestTakeAllowsABurstAndThenTheRate(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 2}
	take(t, k, "a", r, start, true)
	take(t, k, "a", r, start, true)
	take(t, k, "a", r, start, false)
	take(t, k, "b", r, start, true) // another key is not touched
	take(t, k, "a", r, start.Add(time.Second-1), false)
	take(t, k, "a", r, start.Add(time.Second), true)
	take(t, k, "a", r, start.Add(time.Second), false)
}

func TestStateTellsWhatIsLeft(t *testing.T) {
	r := Rate{PerMinute: 60, Burst: 3}
	cases := []struct {
		reason string
		taken  int
		after  time.Duration
		want   State
	}{
		{"the first of three", 0, 0, State{OK: true, Left: 2, Next: time.Second}},
		{"the last of three", 2, 0, State{OK: true, Left: 0, Next: time.Second}},
		{"none is left: the next is when to come again", 3, 0, State{Left: 0, Next: time.Second}},
		{"a part of a token has grown back", 3, 400 * time.Millisecond, State{Left: 0, Next: 600 * time.Millisecond}},
		{"one has grown back", 3, 1500 * time.Millisecond, State{OK: true, Left: 0, Next: 500 * time.Millisecond}},
		{"all have, and no more", 3, time.Hour, State{OK: true, Left: 2, Next: time.Second}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			k := NewKeyed(1)
			for range tc.taken {
				take(t, k, "a", r, start, true)
			}
			if diff := cmp.Diff(tc.want, k.Take("a", r, start.Add(tc.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHasTakesNothing(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 1}
	for range 3 {
		if ok, _ := k.Has("a", r, start); !ok {
			t.Fatal("looking took a token")
		}
	}
	take(t, k, "a", r, start, true)
	if ok, after := k.Has("a", r, start); ok || after != time.Second {
		t.Errorf("has %v, wait %s after the last token", ok, after)
	}
}

func TestAChangedRateTakesEffectAtOnceAndKeepsWhatIsUsedUp(t *testing.T) {
	slow, fast := Rate{PerMinute: 1, Burst: 1}, Rate{PerMinute: 600, Burst: 5}
	k := NewKeyed(10)
	take(t, k, "a", slow, start, true)
	take(t, k, "a", slow, start.Add(time.Second), false)
	now := start.Add(time.Second)
	take(t, k, "a", fast, now, false)
	now = now.Add(100 * time.Millisecond)
	take(t, k, "a", fast, now, true)
	take(t, k, "a", fast, now, false)
	now = now.Add(time.Second) // five are left
	take(t, k, "a", fast, now, true)
	take(t, k, "a", Rate{PerMinute: 1, Burst: 2}, now, true) // of four left, two may be had at once
	take(t, k, "a", Rate{PerMinute: 1, Burst: 2}, now, true)
	take(t, k, "a", Rate{PerMinute: 1, Burst: 2}, now, false)
}

// A request that was long under way asks with the time of its beginning; neither
// it nor those after it may gain or lose by that.
func TestTimeDoesNotGoBack(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 2}
	take(t, k, "a", r, start.Add(time.Minute), true)
	take(t, k, "a", r, start, true)
	take(t, k, "a", r, start.Add(time.Minute), false)
	take(t, k, "a", r, start.Add(time.Minute+time.Second), true)
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

func TestNoRateAdmitsMoreThanItSays(t *testing.T) {
	for _, perMinute := range []int32{1, 7, 60, 7777, 599_999, 600_000} {
		if got := (Rate{PerMinute: perMinute}).token() * time.Duration(perMinute); got < time.Minute || got > time.Minute+time.Millisecond {
			t.Errorf("%d tokens take %s, want a minute", perMinute, got)
		}
	}
}

func TestTheLargestLimitsDoNotOverflow(t *testing.T) {
	k, r := NewKeyed(1), Rate{PerMinute: 1, Burst: 100_000}
	for range r.Burst {
		take(t, k, "a", r, start, true)
	}
	take(t, k, "a", r, start, false)
	uses := k.Collect(1, start)
	if want := 100_000 * time.Minute; uses[0].Taken != want || uses[0].Behind != want {
		t.Errorf("collected %+v, want %s", uses, want)
	}
}

func BenchmarkTake(b *testing.B) {
	for name, clients := range map[string]int{"few": 100, "more than are kept": 20_000} {
		b.Run(name, func(b *testing.B) {
			k, r := NewKeyed(16384), Rate{PerMinute: 6000, Burst: 200}
			keys := make([]string, clients)
			for i := range keys {
				keys[i] = fmt.Sprintf("0d2ecb2c-9a4f-4a2b-8b41-3a0b1f6a8c11/shop/web/192.0.2.%d", i)
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				now := start
				for i := 0; pb.Next(); i++ {
					now = now.Add(time.Microsecond)
					k.Take(keys[i%len(keys)], r, now)
				}
			})
		})
	}
}

// BenchmarkCollect is of a flood that fills all buckets within a period.
func BenchmarkCollect(b *testing.B) {
	k, r := NewKeyed(16384), Rate{PerMinute: 6000, Burst: 200}
	for b.Loop() {
		b.StopTimer()
		for i := range 16384 {
			k.Take(fmt.Sprint(i), r, start)
		}
		b.StartTimer()
		k.Learn(k.Collect(5000, start), make([]time.Duration, 5000), start)
	}
}
