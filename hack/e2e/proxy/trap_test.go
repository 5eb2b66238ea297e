package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is an effect that comes by.
type step struct {
	effect string
	phase  Phase
}

func TestTheTrapSpringsAtItsPointAlone(t *testing.T) {
	t.Parallel()
	both := func(effect string) []step { return []step{{effect, Before}, {effect, After}} }
	twice := append(both(Intent), both(Intent)...)
	for name, c := range map[string]struct {
		point Point
		steps []step
		want  int // the step that springs it; -1 for none
	}{
		"the first of two":              {Point{Effect: Intent, Phase: Before}, twice, 0},
		"the other side":                {Point{Effect: Intent, Phase: After}, twice, 1},
		"the second of two":             {Point{Effect: Intent, Phase: Before, Nth: 2}, twice, 2},
		"another effect":                {Point{Effect: PaidCall, Phase: Before}, twice, -1},
		"one that failed has no after":  {Point{Effect: Intent, Phase: After}, append([]step{{Intent, Before}}, both(Intent)...), 2},
		"the second, after one failed":  {Point{Effect: Intent, Phase: After, Nth: 2}, append([]step{{Intent, Before}}, both(Intent)...), 2},
		"only since another has been":   {Point{Effect: Intent, Phase: Before, Since: Release}, append(append(both(Intent), both(Release)...), both(Intent)...), 4},
		"not since another has failed":  {Point{Effect: Intent, Phase: Before, Since: Release}, append([]step{{Release, Before}}, both(Intent)...), -1},
		"what has no effect is nothing": {Point{Effect: "", Phase: Before}, []step{{"", Before}}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trap, kills, got := &Trap{}, 0, -1
			hit := trap.Arm(c.point, func() { kills++ })
			for i, s := range c.steps {
				if trap.At(s.effect, s.phase) {
					got = i
				}
			}
			if got != c.want || kills != min(1, c.want+1) {
				t.Errorf("sprung at step %d with %d kills, want step %d", got, kills, c.want)
			}
			select {
			case <-hit:
			default:
				if c.want >= 0 {
					t.Error("nobody is told")
				}
			}
		})
	}
}

func TestPointsReadAsWords(t *testing.T) {
	t.Parallel()
	got := []string{Point{Effect: PaidCall, Phase: Before}.String(), Point{Effect: AlertEnd, Phase: After, Nth: 2}.String()}
	if diff := cmp.Diff([]string{"before the paid call", "after the second alert's end"}, got); diff != "" {
		t.Error(diff)
	}
}
