package measure

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOvertakingIsMeasuredAgainstAge(t *testing.T) {
	cases := map[string]struct {
		reason  string
		created []float64 // by identity 0, 1, …
		sent    []float64 // -1 for never
		want    Overtaking
	}{
		"in order":         {"nobody is left behind", []float64{-9, -8, -7}, []float64{1, 2, 3}, Overtaking{FirstPlace: 1}},
		"same second":      {"the cluster can't tell their ages apart", []float64{-9, -9, -9}, []float64{3, 1, 2}, Overtaking{FirstPlace: 1}},
		"youngest first":   {"one passes two, another one", []float64{-9, -8, -5}, []float64{3, 2, 1}, Overtaking{Orders: 2, MostPlaces: 2, MostAgeSeconds: 4, FirstPlace: 3}},
		"one never sent":   {"all that are younger have passed it", []float64{-9, -8, -7}, []float64{-1, 1, 2}, Overtaking{Orders: 2, MostPlaces: 1, MostAgeSeconds: 2, FirstPlace: 2}},
		"at the same time": {"nobody went first", []float64{-9, -8}, []float64{1, 1}, Overtaking{FirstPlace: 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := Run{Ended: restored()}
			for i := range c.created {
				r.Backlog = append(r.Backlog, Order{Identity: fmt.Sprint(i), Created: after(c.created[i])})
				if c.sent[i] >= 0 {
					r.Record.Requests = append(r.Record.Requests, submission(fmt.Sprint(i), c.sent[i]))
				}
			}
			if diff := cmp.Diff(c.want, r.overtaking()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.reason, diff)
			}
		})
	}
}
