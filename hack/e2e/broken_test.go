package e2e

import (
	"testing"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/mutant"
)

// TestBrokenVariantsAreCaught builds the product with a mistake in it and shows
// that the crash test finds each: a check that can't fail proves nothing.
func TestBrokenVariantsAreCaught(t *testing.T) {
	for _, c := range []struct {
		mutant mutant.Mutant
		point  proxy.Point // where the mistake shows
	}{
		{mutant.KeyWithTimestamp(), proxy.Point{Effect: proxy.PaidCall, Phase: proxy.After}},
		{mutant.Resubmission(), proxy.Point{Effect: proxy.PaidCall, Phase: proxy.After}},
		{mutant.DroppedOutcome(), proxy.Point{Effect: proxy.Settlement, Phase: proxy.Before}},
	} {
		t.Run(c.mutant.Name, func(t *testing.T) {
			t.Parallel()
			binary, err := c.mutant.Build(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, settings{binary: binary})
			err = w.crashAt(c.point)
			if err == nil {
				t.Fatalf("the crash test at %s does not notice %s", c.point, c.mutant.Name)
			}
			t.Logf("caught at %s: %v", c.point, err)
		})
	}
}
