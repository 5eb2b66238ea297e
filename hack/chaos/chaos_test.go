package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// fixedSeeds are those that every change has to pass.
func fixedSeeds() []uint64 { return []uint64{1, 2, 3} }

// seeds are the fixed ones, or those that CHAOS_SEEDS lists, and CHAOS_FRESH new
// ones.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	var out []uint64
	fresh := 0
	if list := os.Getenv("CHAOS_FRESH"); list != "" {
		var err error
		if fresh, err = strconv.Atoi(list); err != nil {
			t.Fatalf("CHAOS_FRESH: %v", err)
		}
	}
	list := os.Getenv("CHAOS_SEEDS")
	if list == "" {
		out = fixedSeeds()
	}
	for _, word := range strings.FieldsFunc(list, func(c rune) bool { return c == ',' }) {
		seed, err := strconv.ParseUint(strings.TrimSpace(word), 10, 64)
		if err != nil {
			t.Fatalf("CHAOS_SEEDS: %v", err)
		}
		out = append(out, seed)
	}
	for range fresh {
		out = append(out, rand.Uint64()>>32)
	}
	return out
}

// TestChaos drives orders through a storm of faults, once per seed: each comes to
// an end that it was allowed to come to, and nothing is bought twice.
func TestChaos(t *testing.T) {
	s := servers(t)
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			report, err := Run(t.Context(), Options{
				Seed: seed, Binary: s.binary, Servers: s.Servers, Orders: number(t, "CHAOS_ORDERS"), Logs: os.Getenv("CHAOS_LOGS"),
				Progress: func(line string) { t.Log(line) },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s\nends: %s", report.Summary(), report.Ends())
			if report.Failed() {
				t.Fatal(report)
			}
			// A storm that nobody feels proves nothing.
			if report.FaultsMet < 75 || report.Handovers < 1 {
				t.Errorf("only %d faults were met, and leadership changed hands %d times", report.FaultsMet, report.Handovers)
			}
		})
	}
}

func number(t *testing.T, name string) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
