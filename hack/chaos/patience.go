package chaos

import "time"

// Orders may take as long to settle, once all is healed, as they go on coming to
// their ends: a loaded machine is slow, a lost order is lost.
const (
	// patience is how long no further order may come to its end.
	patience = time.Minute
	// allPatience is how long that may go on.
	allPatience = 5 * time.Minute
)

// rest is how long all must stay well before it counts.
const rest = 3 * time.Second

// waiting is how long the end of a run is waited for.
type waiting struct {
	began, progress, wellSince time.Time
	fewest                     int
}

func newPatience(orders int) *waiting {
	return &waiting{began: time.Now(), progress: time.Now(), fewest: orders}
}

// well notes how many orders are not well, and tells whether all have been for
// long enough.
func (p *waiting) well(left int, err error) bool {
	if err != nil || left > 0 {
		p.wellSince = time.Time{}
		if err == nil && left < p.fewest {
			p.fewest, p.progress = left, time.Now()
		}
		return false
	}
	if p.wellSince.IsZero() {
		p.wellSince, p.progress = time.Now(), time.Now()
	}
	return time.Since(p.wellSince) > rest
}

// over tells whether patience has ended.
func (p *waiting) over() bool {
	return time.Since(p.progress) > patience || time.Since(p.began) > allPatience
}
