package measure

import (
	"fmt"
	"time"
)

// MaxWait is how long the first order in line, which is the oldest, may take after
// the provider is back. Whichever order happens to go first proves little: among
// hundreds that wait by chance, one soon looks again.
const MaxWait = 10 * time.Second

// Figures of a run. Times are in seconds after the end of the outage; -1 stands
// for what did not happen.
type Figures struct {
	// Backlog is how many orders waited when the provider came back.
	Backlog int `json:"backlog"`
	// OutageSeconds is how long the outage was.
	OutageSeconds float64 `json:"outageSeconds"`
	// DuringOutage are the submissions that reached the failing provider.
	DuringOutage int `json:"duringOutage"`
	// FirstSeconds is when the first waiting order was submitted, whichever it was,
	// and OldestSeconds when the oldest was; of several of that age, the first.
	FirstSeconds  float64 `json:"firstSeconds"`
	OldestSeconds float64 `json:"oldestSeconds"`
	// DrainSeconds is when the last was. IdealSeconds is the backlog over the rate,
	// and DrainRatio the one over the other; it may be a little below 1, because a
	// tenth of the rate goes at once.
	DrainSeconds float64 `json:"drainSeconds"`
	IdealSeconds float64 `json:"idealSeconds"`
	DrainRatio   float64 `json:"drainRatio"`
	// Ready is how many orders of the backlog became Ready, and ReadySeconds when
	// the last of them did.
	Ready        int     `json:"ready"`
	ReadySeconds float64 `json:"readySeconds"`
	// PerSecond are the submissions in each second after the outage.
	PerSecond []int `json:"perSecond"`

	Rate       Rate       `json:"rate"`
	Overtaking Overtaking `json:"overtaking"`
	Purchases  Purchases  `json:"purchases"`
}

// none stands for what did not happen.
const none = -1

// Figures works out all figures.
func (r Run) Figures() Figures {
	f := Figures{
		Backlog: len(r.Backlog), OutageSeconds: r.Ended.Sub(r.Began).Seconds(), FirstSeconds: none, OldestSeconds: none, DrainSeconds: none, DrainRatio: none, ReadySeconds: none,
		IdealSeconds: float64(len(r.Backlog)) / float64(r.RatePerMinute) * time.Minute.Seconds(),
		Rate:         r.rate(), Overtaking: r.overtaking(), Purchases: r.purchases(),
	}
	f.count(r)
	f.drain(r)
	f.ready(r)
	return f
}

// count counts all submissions, repeats and refused ones included.
func (f *Figures) count(r Run) {
	for _, q := range r.submissions() {
		switch {
		case q.At.Before(r.Began):
		case q.At.Before(r.Ended):
			f.DuringOutage++
		default:
			second := int(q.At.Sub(r.Ended) / time.Second)
			for len(f.PerSecond) <= second {
				f.PerSecond = append(f.PerSecond, 0)
			}
			f.PerSecond[second]++
		}
	}
}

func (f *Figures) drain(r Run) {
	first, submitted := r.first(), 0
	for _, o := range r.Backlog {
		at, ok := first[o.Identity]
		if !ok {
			continue
		}
		submitted++
		after := at.Sub(r.Ended).Seconds()
		f.FirstSeconds = earlier(f.FirstSeconds, after)
		if r.place(o) == 1 {
			f.OldestSeconds = earlier(f.OldestSeconds, after)
		}
		f.DrainSeconds = max(f.DrainSeconds, after)
	}
	if submitted < len(r.Backlog) {
		f.DrainSeconds = none
		return
	}
	f.DrainRatio = f.DrainSeconds / f.IdealSeconds
}

// earlier is the smaller of two times, of which the first may not have happened.
func earlier(a, b float64) float64 {
	if a < 0 {
		return b
	}
	return min(a, b)
}

func (f *Figures) ready(r Run) {
	for _, o := range r.Backlog {
		if o.Ready.IsZero() {
			continue
		}
		f.Ready++
		f.ReadySeconds = max(f.ReadySeconds, o.Ready.Sub(r.Ended).Seconds())
	}
	if f.Ready < len(r.Backlog) {
		f.ReadySeconds = none
	}
}

// Broken names every promise that was not kept.
func (f Figures) Broken() []string {
	var out []string
	if f.OldestSeconds < 0 {
		out = append(out, "the oldest waiting order was never submitted")
	} else if f.OldestSeconds > MaxWait.Seconds() {
		out = append(out, fmt.Sprintf("the oldest waiting order was submitted after %.1f s, more than %.0f s", f.OldestSeconds, MaxWait.Seconds()))
	}
	return append(out, f.BrokenAlways()...)
}

// BrokenAlways names the promises that were not kept, but for the one about time:
// these hold on the slowest machine.
func (f Figures) BrokenAlways() []string {
	var out []string
	if !f.Rate.Within() {
		out = append(out, fmt.Sprintf("the rate was exceeded: %d of %d in a minute, %d of %d in a second",
			f.Rate.PeakMinute, f.Rate.LimitMinute, f.Rate.PeakSecond, f.Rate.LimitSecond))
	}
	if !f.Purchases.OneEach() {
		out = append(out, f.Purchases.broken())
	}
	if f.Ready < f.Backlog {
		out = append(out, fmt.Sprintf("%d of %d orders became Ready", f.Ready, f.Backlog))
	}
	return out
}
