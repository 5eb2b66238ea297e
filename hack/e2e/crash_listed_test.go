package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/stack"
)

// TestCrashPointsAreAllOnThePage compares docs/crash-points.md with the tests: each
// point is described, and each description is of a point that is tested.
func TestCrashPointsAreAllOnThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(stack.Root(), "docs", "crash-points.md"))
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, match := range regexp.MustCompile("`(TestCrash[A-Za-z]*/[^`]+)`").FindAllStringSubmatch(string(page), -1) {
		described = append(described, match[1])
	}
	slices.Sort(described)
	tested := testedPoints()
	slices.Sort(tested)
	if diff := cmp.Diff(tested, described); diff != "" {
		t.Errorf("the page and the tests differ (-tested +described):\n%s", diff)
	}
}

// TestCrashPointsCoverEveryEffect shows that the process is killed on both sides of
// each effect that the proxies know. What they don't know fails each crash test.
func TestCrashPointsCoverEveryEffect(t *testing.T) {
	t.Parallel()
	killed := map[string]int{}
	for _, p := range allPoints() {
		killed[string(p.Phase)+" "+p.Effect]++
	}
	for _, effect := range proxy.Effects() {
		for _, phase := range []proxy.Phase{proxy.Before, proxy.After} {
			if killed[string(phase)+" "+effect] == 0 {
				t.Errorf("no test kills the process %s %s", phase, effect)
			}
		}
	}
}

func allPoints() []proxy.Point {
	out := points()
	for _, s := range stories() {
		out = append(out, s.points...)
	}
	return out
}

// testedPoints are the tests' names, as go test prints them.
func testedPoints() []string {
	var out []string
	for _, p := range points() {
		out = append(out, "TestCrashPoints/"+p.String())
	}
	for _, s := range stories() {
		for _, p := range s.points {
			out = append(out, "TestCrashes/"+s.name+"/"+p.String())
		}
	}
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], " ", "_")
	}
	return out
}
