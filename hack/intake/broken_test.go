package intake

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack"
)

// mistake replaces a text that stands exactly once in a file of the product.
type mistake struct{ file, old, new string }

// TestBrokenVariantsLoseWebhooks builds the endpoint with a mistake in it and shows
// that a run finds each: a check that can't fail proves nothing.
func TestBrokenVariantsLoseWebhooks(t *testing.T) {
	s, err := ground()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		mistake  mistake
		troubles []Trouble
		promise  string // that is broken
	}{
		"an answer before the order is stored": {
			mistake{"webhookserver/store.go", "err := s.o.Client.Create(ctx, order)\n",
				"go func() { _ = s.o.Client.Create(context.WithoutCancel(ctx), wanted.DeepCopy()) }()\n\tvar err error\n"},
			[]Trouble{RestartedAPIServer}, "every valid order exists once",
		},
		"an outcome that is not known, taken for a good one": {
			mistake{"webhookserver/store.go", `return 0, refused("create order", err)`, `return storedNew, nil`},
			[]Trouble{RestartedAPIServer}, "what is acknowledged exists",
		},
		"a payload that is not compared": {
			mistake{"webhookserver/store.go", "case found.Annotations[hash] != wanted.Annotations[hash]:", "case false:"},
			nil, "an ID is used for one payload",
		},
		"rows that are dropped and not counted": {
			mistake{"webhookserver/deliveries.go", "if !errors.Is(err, ledger.ErrUnavailable) {",
				"if errors.Is(err, ledger.ErrUnavailable) {\n\t\t\treturn true\n\t\t}\n\t\tif !errors.Is(err, ledger.ErrUnavailable) {"},
			[]Trouble{StoppedPostgres}, "every answer is in the log",
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Run(t.Context(), Options{
				Seed: 1, Webhooks: number(t, "INTAKE_BROKEN_WEBHOOKS", 400), PerSecond: 50, Troubles: c.troubles,
				Binary: c.mistake.build(t), Servers: s.servers,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range report.Violations {
				if v.Promise == c.promise {
					t.Logf("found: %v", v)
					return
				}
			}
			t.Fatalf("%q is not found to be broken\n%s", c.promise, report)
		})
	}
}

// build builds the product with the mistake.
func (m mistake) build(t *testing.T) string {
	t.Helper()
	dir, source := t.TempDir(), filepath.Join(stack.Root(), m.file)
	raw, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), m.old); n != 1 {
		t.Fatalf("%s holds %d times what the mistake replaces: %s", m.file, n, m.old)
	}
	patched, overlay := filepath.Join(dir, "patched.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(patched, []byte(strings.Replace(string(raw), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{source: patched}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err := operator.Build(t.Context(), dir, overlay)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}
