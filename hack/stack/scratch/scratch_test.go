package scratch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/scratch"
)

func TestSweepTakesOnlyWhatNobodyHolds(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	held, err := scratch.New("held")
	if err != nil {
		t.Fatal(err)
	}
	abandoned := filepath.Join(parent, "zma-scratch-abandoned-1")
	foreign := filepath.Join(parent, "something-else")
	for _, dir := range []string{abandoned, foreign} {
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }

	if err := scratch.Sweep(parent, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !exists(abandoned) {
		t.Error("a folder too young to be abandoned was removed: its owner may not have locked it yet")
	}
	if err := scratch.Sweep(parent, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if exists(abandoned) {
		t.Error("the folder of a process that is gone was left")
	}
	if !exists(held.Path()) {
		t.Error("the folder of a living process was removed")
	}
	if !exists(foreign) {
		t.Error("a folder of somebody else was removed")
	}
	if err := held.Remove(); err != nil || exists(held.Path()) {
		t.Errorf("Remove leaves the folder: %v", err)
	}
}
