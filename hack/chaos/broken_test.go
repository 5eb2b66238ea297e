package chaos

import (
	"testing"

	"github.com/zma-operator/zma-operator/hack/mutant"
)

// TestBrokenVariantsFailInChaos builds the product with a mistake in it and shows
// that the fixed seeds find each: a check that can't fail proves nothing. A run
// ends with the first thing that it finds.
func TestBrokenVariantsFailInChaos(t *testing.T) {
	s := servers(t)
	for _, m := range []mutant.Mutant{mutant.KeyWithTimestamp(), mutant.Resubmission(), mutant.DroppedOutcome()} {
		t.Run(m.Name, func(t *testing.T) {
			binary, err := m.Build(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, seed := range fixedSeeds() {
				report, err := Run(t.Context(), Options{Seed: seed, Binary: binary, Servers: s.Servers, Impatient: true, Orders: number(t, "CHAOS_ORDERS")})
				if err != nil {
					t.Fatal(err)
				}
				if report.Failed() {
					t.Logf("found: %s\n%s", report.Summary(), report.First())
					return
				}
			}
			t.Fatalf("no fixed seed notices %s", m.Name)
		})
	}
}
