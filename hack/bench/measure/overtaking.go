package measure

import (
	"slices"
	"time"
)

// Overtaking is how far the backlog went in another order than that of its age.
// Neighbours change places when several workers submit at once; that is no
// unfairness.
type Overtaking struct {
	// Orders that were submitted before an older one.
	Orders int `json:"orders"`
	// MostPlaces is the most older orders that one order left behind.
	MostPlaces int `json:"mostPlaces"`
	// MostAgeSeconds is the largest difference of age between two that changed
	// places.
	MostAgeSeconds float64 `json:"mostAgeSeconds"`
	// FirstPlace is the place in age, from 1, of the order that was submitted first.
	FirstPlace int `json:"firstPlace"`
}

// overtaking compares the submissions with the ages. An order that was never
// submitted was overtaken by all that are younger.
func (r Run) overtaking() Overtaking {
	first := r.first()
	var out Overtaking
	var earliest time.Time
	for _, young := range r.Backlog {
		at, ok := first[young.Identity]
		if !ok {
			continue
		}
		places := 0
		for _, old := range r.Backlog {
			if !old.Created.Before(young.Created) {
				continue
			}
			if then, ok := first[old.Identity]; ok && !then.After(at) {
				continue
			}
			places++
			out.MostAgeSeconds = max(out.MostAgeSeconds, young.Created.Sub(old.Created).Seconds())
		}
		if places > 0 {
			out.Orders++
		}
		out.MostPlaces = max(out.MostPlaces, places)
		if earliest.IsZero() || at.Before(earliest) {
			earliest, out.FirstPlace = at, r.place(young)
		}
	}
	return out
}

// place of an order in age. Orders of one age share the first of their places.
func (r Run) place(o Order) int {
	older := slices.DeleteFunc(slices.Clone(r.Backlog), func(other Order) bool { return !other.Created.Before(o.Created) })
	return len(older) + 1
}
