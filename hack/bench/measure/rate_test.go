package measure

import (
	"testing"
	"time"
)

func TestPeakIsTheFullestWindow(t *testing.T) {
	cases := map[string]struct {
		at   []float64
		want int
	}{
		"none":                              {nil, 0},
		"the window's end is not in it":     {[]float64{0, 1, 2}, 1},
		"a window need not start on a tick": {[]float64{0.6, 0.7, 1.5, 1.65, 1.7}, 3},
		"all at once":                       {[]float64{5, 5, 5}, 3},
	}
	for name, c := range cases {
		var at []time.Time
		for _, s := range c.at {
			at = append(at, after(s))
		}
		if got := peak(at, time.Second); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestMostIsATenthAtOnceAndThenTheRate(t *testing.T) {
	cases := map[string]struct {
		perMinute int
		window    time.Duration
		want      int
	}{
		"a minute":                        {600, time.Minute, 660},
		"a second":                        {600, time.Second, 70},
		"a rate too small for a tenth":    {5, time.Minute, 6},
		"not one of a part of a purchase": {30, time.Second, 3},
	}
	for name, c := range cases {
		if got := most(c.perMinute, c.window); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
