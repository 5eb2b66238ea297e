package load

import (
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWhatIsStartedRunsOnTheHalfChosen asks a program on which cores it may run.
func TestWhatIsStartedRunsOnTheHalfChosen(t *testing.T) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	c, err := PartCores()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := move(&before); err != nil {
			t.Error(err)
		}
	})
	if c.first.Count() == 0 || c.second.Count() == 0 || c.first.Count()+c.second.Count() != before.Count() {
		t.Fatalf("%d and %d cores of %d", c.first.Count(), c.second.Count(), before.Count())
	}
	halves := map[string]bool{}
	for _, half := range []func() error{c.First, c.Second} {
		if err := half(); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "grep", "Cpus_allowed_list", "/proc/self/status").Output()
		if err != nil {
			t.Fatal(err)
		}
		halves[strings.TrimSpace(string(out))] = true
	}
	if len(halves) != 2 {
		t.Errorf("both halves are %v", halves)
	}
}
