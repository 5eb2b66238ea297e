package v1alpha1_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestReasonsAreAClosedList reads the constants from the source, so that one that
// is in no list is found.
func TestReasonsAreAClosedList(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z][A-Za-z]{0,63}$`)
	seen := map[string]string{}
	for name, value := range constants(t, "Reason") {
		if other, ok := seen[value]; ok {
			t.Errorf("%s and %s are both %q", name, other, value)
		}
		seen[value] = name
		if !form.MatchString(value) || name != "Reason"+value {
			t.Errorf("%s is %q", name, value)
		}
	}
	ready := v1alpha1.ReadyReasons()
	for _, reason := range ready {
		if seen[reason] == "" {
			t.Errorf("%s is no constant", reason)
		}
	}
	slices.Sort(ready)
	if len(slices.Compact(ready)) != len(v1alpha1.ReadyReasons()) {
		t.Error("a reason stands in two lists, so nobody knows whether it waits for a person")
	}
}

// constants of the package by prefix of their names.
func constants(t *testing.T, prefix string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "conditions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		value, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		out[spec.Names[0].Name] = value
		return true
	})
	if len(out) == 0 {
		t.Fatalf("no constant begins with %s", prefix)
	}
	return out
}

func TestReferencePageNamesEveryConditionAndReason(t *testing.T) {
	raw, err := os.ReadFile("../../docs/zmaorder.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range append(v1alpha1.OrderConditionTypes(), v1alpha1.ReadyReasons()...) {
		if !strings.Contains(string(raw), "`"+word+"`") {
			t.Errorf("docs/zmaorder.md does not explain `%s`", word)
		}
	}
}
