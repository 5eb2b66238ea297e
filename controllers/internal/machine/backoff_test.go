package machine

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestBackoff(t *testing.T) {
	const base, limit = 4 * time.Second, time.Minute
	for name, c := range map[string]struct {
		n     int64
		floor time.Duration
		roll  float64
		want  time.Duration
	}{
		"the first pause is at most the base":      {1, 0, 1, 4 * time.Second},
		"it doubles":                               {3, 0, 1, 16 * time.Second},
		"it is capped":                             {30, 0, 1, time.Minute},
		"full jitter takes any part of it":         {3, 0, 0.5, 8 * time.Second},
		"it never hammers":                         {3, 0, 0, 2 * time.Second},
		"what the provider asks for is the least":  {1, 90 * time.Second, 0.5, 90 * time.Second},
		"a huge count does not overflow":           {1 << 40, 0, 1, time.Minute},
		"what the provider asks for may be longer": {30, 2 * time.Minute, 1, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Backoff(c.n, base, limit, c.floor, c.roll); got != c.want {
				t.Errorf("Backoff = %s, want %s", got, c.want)
			}
		})
	}
}

func TestPollPauseAdaptsToAge(t *testing.T) {
	rule := v1alpha1.PollingRule{Interval: &metav1.Duration{Duration: time.Minute}, MaxInterval: &metav1.Duration{Duration: 2 * time.Hour}}
	for name, c := range map[string]struct {
		age    time.Duration
		jitter float64
		want   time.Duration
	}{
		"a young order":                 {time.Minute, 0.5, time.Minute},
		"an order of an hour":           {time.Hour, 0.5, 6 * time.Minute},
		"an order of a month":           {30 * 24 * time.Hour, 0.5, 2 * time.Hour},
		"jitter shortens by a fifth":    {time.Minute, 0, 48 * time.Second},
		"a clock that went back is now": {-time.Hour, 0.5, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PollPause(c.age, rule, c.jitter).Round(time.Second); got != c.want {
				t.Errorf("PollPause = %s, want %s", got, c.want)
			}
		})
	}
}
