package load

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// machine writes a /proc: the machine's line, and per process its parent and ticks.
func machine(t *testing.T, dir, cpu string, processes map[int][2]int) {
	t.Helper()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "stat"), "cpu  "+cpu+" 0 0\ncpu0 1 2 3\n")
	for pid, p := range processes {
		write(filepath.Join(dir, fmt.Sprint(pid), "stat"), fmt.Sprintf("%d (a (strange) name) S %d 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 1 0", pid, p[0], p[1]))
	}
}

func TestOnlyOthersAreCounted(t *testing.T) {
	dir := t.TempDir()
	machine(t, dir, "100 0 0 900 0 0 0 0", map[int][2]int{1: {0, 50}, 7: {1, 30}, 8: {7, 10}, 9: {1, 10}})
	o := &Others{root: dir, pid: 7}
	o.Share()
	// 100 ticks later: 40 idle, 10 of interrupts, 50 of programs, of which 7 and its
	// child 8 took 30.
	machine(t, dir, "145 0 0 940 0 5 5 5", map[int][2]int{1: {0, 50}, 7: {1, 50}, 8: {7, 20}, 9: {1, 30}})
	if got := o.Share(); got != .2 {
		t.Errorf("others took %v of the machine, want 0.2", got)
	}
	if got := o.Share(); got != 0 {
		t.Errorf("others took %v of no time", got)
	}
}

func TestWithoutAnAccountThereIsNobody(t *testing.T) {
	o := &Others{root: t.TempDir()}
	if got := o.Share(); got != 0 {
		t.Errorf("others took %v", got)
	}
}
