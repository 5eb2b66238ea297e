package v1alpha1_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestReferencePagesNameEveryField fails when a field is added that its page
// does not explain.
func TestReferencePagesNameEveryField(t *testing.T) {
	for _, crd := range crds(t) {
		name := map[string]string{"ZMAOrder": "zmaorder.md", "ZMAAccount": "zmaaccount.md"}[crd.Spec.Names.Kind]
		if name == "" {
			continue
		}
		text := page(t, name)
		schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
		for _, part := range []string{"spec", "status"} {
			for field := range schema.Properties[part].Properties {
				if !strings.Contains(text, "`"+field) {
					t.Errorf("docs/%s does not explain %s.%s", name, part, field)
				}
			}
		}
	}
}

func TestAccountPageNamesEveryCondition(t *testing.T) {
	text := page(t, "zmaaccount.md")
	for _, condition := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionCredentialsValid, v1alpha1.ConditionBalanceSufficient,
		v1alpha1.ConditionWithinBudget, v1alpha1.ConditionCircuitClosed,
	} {
		if !strings.Contains(text, "| `"+condition+"` |") {
			t.Errorf("docs/zmaaccount.md has no row for %s", condition)
		}
	}
}

// TestOrderPageExplainsEachReasonInItsTable fails on a reason that is only
// mentioned in passing, and on a row for one that does not exist.
func TestOrderPageExplainsEachReasonInItsTable(t *testing.T) {
	_, table, found := strings.Cut(page(t, "zmaorder.md"), "| STATUS |")
	if !found {
		t.Fatal("docs/zmaorder.md has no table of reasons")
	}
	rows := map[string]bool{}
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for i, word := range strings.Split(first, "`") {
			if i%2 == 1 {
				rows[word] = true
			}
		}
	}
	for _, reason := range v1alpha1.ReadyReasons() {
		if !rows[reason] {
			t.Errorf("docs/zmaorder.md has no row for %s", reason)
		}
		delete(rows, reason)
	}
	for reason := range rows {
		t.Errorf("docs/zmaorder.md has a row for %s, which is no reason of Ready", reason)
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
