package limit

import (
	"testing"
	"time"
)

// table is the shared one, as the database keeps it.
type table map[string]time.Time

func (s table) exchange(k *Keyed, now time.Time) {
	uses := k.Collect(100, now)
	behind := make([]time.Duration, len(uses))
	for i, u := range uses {
		full := now.Add(u.Behind)
		if known, ok := s[u.Key]; ok && known.Add(u.Taken).After(full) {
			full = known.Add(u.Taken)
		}
		s[u.Key] = full
		behind[i] = full.Sub(now)
	}
	k.Learn(uses, behind, now)
}

// replicas are asked in turn, each every step, and exchange once a period, each
// at its own time or all together.
type replicas struct {
	keyed    []*Keyed
	shared   table
	rate     Rate
	now      time.Time
	together bool
	away     bool
	ticks    int
}

const step = 10 * time.Millisecond

func newReplicas(n int, r Rate) *replicas {
	s := &replicas{shared: table{}, rate: r, now: start}
	for range n {
		s.keyed = append(s.keyed, NewKeyed(10))
	}
	return s
}

// run asks each replica perStep times each step, and counts the admitted ones of
// each step.
func (s *replicas) run(d time.Duration, perStep func(step int) int) (admitted []int) {
	for i := 0; time.Duration(i)*step < d; i++ {
		n := 0
		for j, k := range s.keyed {
			for range perStep(i) {
				if k.Take("a", s.rate, s.now).OK {
					n++
				}
			}
			switch {
			case !s.due(j):
			case s.away:
				k.Collect(100, s.now) // what is not told is forgotten
			default:
				s.shared.exchange(k, s.now)
			}
		}
		admitted = append(admitted, n)
		s.now = s.now.Add(step)
		s.ticks++
	}
	return admitted
}

func (s *replicas) due(replica int) bool {
	const steps = int(Period / step)
	if s.together {
		replica = 0
	}
	return s.ticks%steps == replica*steps/len(s.keyed)
}

func always(n int) func(int) int { return func(int) int { return n } }

func sum(steps []int) (n int) {
	for _, s := range steps {
		n += s
	}
	return n
}

// mostOver returns by how much the worst window exceeds the rate.
func mostOver(steps []int, perStep float64) float64 {
	worst, run := 0.0, 0.0
	for _, n := range steps {
		run = max(0, run+float64(n)-perStep)
		worst = max(worst, run)
	}
	return worst
}

// The bound in the package's documentation, in both directions.
func TestReplicasTogetherKeepTheRate(t *testing.T) {
	cases := []struct {
		reason   string
		replicas int
		rate     Rate
	}{
		{"one alone", 1, Rate{PerMinute: 6000, Burst: 200}},
		{"two", 2, Rate{PerMinute: 6000, Burst: 200}},
		{"five", 5, Rate{PerMinute: 6000, Burst: 200}},
		{"two with next to no burst", 2, Rate{PerMinute: 6000, Burst: 1}},
		{"three of a slow rate", 3, Rate{PerMinute: 30, Burst: 5}},
		{"three of a rate that is no round number", 3, Rate{PerMinute: 7777, Burst: 33}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			const span = 10 * time.Minute
			s := newReplicas(tc.replicas, tc.rate)
			admitted := s.run(span, always(3))
			perSecond := float64(tc.rate.PerMinute) / 60
			bound := perSecond*Slack.Seconds()*float64(tc.replicas) + float64(tc.replicas)*float64(tc.rate.Burst)
			if got := mostOver(admitted, perSecond*step.Seconds()); got > bound+1 {
				t.Errorf("a window has %.1f more than the rate, the bound is %.1f", got, bound)
			}
			most := perSecond*(span.Seconds()+Slack.Seconds()) + float64(tc.rate.Burst) + perSecond*Period.Seconds()*float64(tc.replicas)
			least := perSecond * span.Seconds() * 0.999
			if got := float64(sum(admitted)); got < least || got > most {
				t.Errorf("%.0f in %s, want between %.0f and %.0f", got, span, least, most)
			}
		})
	}
}

func TestOneBusyReplicaOfSeveralGetsTheWholeRate(t *testing.T) {
	r := Rate{PerMinute: 600, Burst: 20}
	alone, shared := newReplicas(1, r), newReplicas(3, r)
	others := shared.keyed[1:]
	want := sum(alone.run(time.Minute, always(1)))
	got := 0
	for i := range int(time.Minute / step) {
		if shared.keyed[0].Take("a", r, shared.now).OK {
			got++
		}
		if i%int(Period/step) == 0 {
			for _, k := range others {
				k.Has("a", r, shared.now)
				shared.shared.exchange(k, shared.now)
			}
			shared.shared.exchange(shared.keyed[0], shared.now)
		}
		shared.now = shared.now.Add(step)
	}
	if got != want || want < 619 {
		t.Errorf("%d were admitted, %d without other replicas", got, want)
	}
}

// A balanced load below the rate must pass, even when a period's worth of it is
// more than the burst, and whenever the replicas exchange.
func TestASenderWithinTheRateIsNeverRefused(t *testing.T) {
	every := func(i int) int {
		if i%4 == 0 {
			return 1 // 75 per second by three replicas
		}
		return 0
	}
	for _, together := range []bool{false, true} {
		s := newReplicas(3, Rate{PerMinute: 6000, Burst: 4})
		s.together = together
		admitted := s.run(5*time.Minute, every)
		if got, want := sum(admitted), 3*len(admitted)/4; got != want {
			t.Errorf("exchanging together %v: %d of %d were admitted", together, got, want)
		}
	}
}

func TestAnOutageLeavesNoDebt(t *testing.T) {
	r := Rate{PerMinute: 6000, Burst: 10}
	s := newReplicas(3, r)
	s.run(time.Minute, always(3))
	s.away = true
	alone := s.run(10*time.Minute, always(3))
	if got := sum(alone); got < 3*59_000 || got > 3*60_100+1500 {
		t.Errorf("%d in ten minutes of three replicas for themselves, want three times 60000", got)
	}
	s.away = false
	after := s.run(time.Minute, always(3))
	if got := sum(after); got < 5_600 || got > 6_000+600+30 {
		t.Errorf("%d in the minute after the outage, want about 6000", got)
	}
}

func TestLearningNeverFillsABucket(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 5}
	for range 5 {
		take(t, k, "a", r, start, true)
	}
	k.Learn(k.Collect(10, start), []time.Duration{0}, start)
	take(t, k, "a", r, start, false)
}

func TestWhatIsTakenDuringAnExchangeCounts(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 10}
	take(t, k, "a", r, start, true)
	uses := k.Collect(10, start)
	take(t, k, "a", r, start, true)
	take(t, k, "a", r, start, true)
	k.Learn(uses, []time.Duration{8*time.Second + Slack}, start) // eight of ten are used up, two more since
	take(t, k, "a", r, start, false)
	take(t, k, "a", r, start.Add(time.Second), true)
}

func TestWhatIsLearnedOfFormerLimitsIsDropped(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 2}
	take(t, k, "a", r, start, true)
	uses := k.Collect(10, start)
	r.PerMinute = 120
	take(t, k, "a", r, start, true)
	k.Learn(uses, []time.Duration{time.Hour}, start)
	take(t, k, "a", r, start.Add(time.Second), true)
	take(t, k, "a", r, start.Add(time.Second), true)
}

// Other replicas learn from the first exchange under new limits what was used up
// under the old ones.
func TestChangedLimitsCarryOverWhatIsUsedUp(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 10}
	for range 10 {
		take(t, k, "a", r, start, true)
	}
	r.PerMinute = 600
	take(t, k, "a", r, start, false)
	if got := k.Collect(10, start)[0]; got.Taken != 0 || got.Behind != time.Second {
		t.Errorf("told %s taken, %s behind; want 0s and 1s", got.Taken, got.Behind)
	}
}

func TestTheBusiestGoFirstAndTheRestNextTime(t *testing.T) {
	k, r := NewKeyed(10), Rate{PerMinute: 60, Burst: 1}
	for key, n := range map[string]int{"quiet": 1, "busy": 3, "refused": 9} {
		for range n {
			k.Take(key, r, start)
		}
	}
	var got []string
	for _, n := range []int{0, 2, 2, 2} {
		for _, u := range k.Collect(n, start) {
			got = append(got, u.Key)
		}
	}
	if want := []string{"refused", "busy", "quiet"}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("collected %q, want %q, each once", got, want)
	}
}
