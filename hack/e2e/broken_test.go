package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack"
)

// edit replaces a text that stands exactly once in a file of the product.
type edit struct{ file, old, new string }

// mutant is the product with a mistake in it, and a point where it shows.
type mutant struct {
	name  string
	edits []edit
	point proxy.Point
}

func mutants() []mutant {
	const (
		request = "controllers/internal/act/request.go"
		resolve = "controllers/internal/act/resolve.go"
		submit  = "controllers/internal/act/submit.go"
	)
	return []mutant{
		{
			name:  "a key with a timestamp in it",
			point: proxy.Point{Effect: proxy.PaidCall, Phase: proxy.After},
			edits: []edit{
				{request, `Key: sub.IdempotencyKey, `, `Key: uuid.NewSHA1(uuid.Nil, []byte(sub.IdempotencyKey+time.Now().String())).String(), `},
				{request, "\n\tmetav1 \"k8s.io", "\n\t\"github.com/google/uuid\"\n\tmetav1 \"k8s.io"},
			},
		},
		{
			name:  "a resubmission in place of a resolve",
			point: proxy.Point{Effect: proxy.PaidCall, Phase: proxy.After},
			edits: []edit{
				{resolve, `found, err := provider.Find(callCtx, sub.IdempotencyKey, v1alpha1.IdentityOf(t.Order).String(), sub.Attempt, sub.ReservedAt.Add(-clockSkew))`,
					`var found *zma.Observation
	_, _, _ = callCtx, clockSkew, provider
	sub.Attempt++
	sub.IdempotencyKey, err = machine.IdempotencyKey(t.Account.Spec.InstallationID, sub.ProviderAccountID, v1alpha1.IdentityOf(t.Order), sub.Attempt)`},
				{resolve, "\n\t\"github.com/zma-operator/zma-operator/internal/ledger\"", "\n\t\"github.com/zma-operator/zma-operator/controllers/internal/zma\"\n\t\"github.com/zma-operator/zma-operator/internal/ledger\""},
			},
		},
		{
			name:  "an outcome write that is dropped",
			point: proxy.Point{Effect: proxy.Settlement, Phase: proxy.Before},
			edits: []edit{
				{submit, "x.apply(ctx, t, result)\n\treturn x.writeOutcome(ctx, t)", "x.apply(ctx, t, result)\n\treturn errChanged"},
			},
		},
	}
}

// TestBrokenVariantsAreCaught builds the product with a mistake in it and shows
// that the crash test finds each: a check that can't fail proves nothing.
func TestBrokenVariantsAreCaught(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			binary, err := operator.Build(t.Context(), t.TempDir(), m.overlay(t))
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, settings{binary: binary})
			err = w.crashAt(m.point)
			if err == nil {
				t.Fatalf("the crash test at %s does not notice %s", m.point, m.name)
			}
			t.Logf("caught at %s: %v", m.point, err)
		})
	}
}

// overlay writes the patched sources and the file that go build -overlay takes.
func (m mutant) overlay(t *testing.T) string {
	t.Helper()
	dir, patched := t.TempDir(), map[string]string{}
	for _, e := range m.edits {
		source := filepath.Join(stack.Root(), e.file)
		current := source
		if p, ok := patched[source]; ok {
			current = p
		}
		raw, err := os.ReadFile(current)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(raw), e.old) != 1 {
			t.Fatalf("%s does not hold exactly once what the mutant %q replaces:\n%s", e.file, m.name, e.old)
		}
		target := filepath.Join(dir, filepath.Base(e.file))
		if err := os.WriteFile(target, []byte(strings.Replace(string(raw), e.old, e.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		patched[source] = target
	}
	raw, err := json.Marshal(map[string]any{"Replace": patched})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
