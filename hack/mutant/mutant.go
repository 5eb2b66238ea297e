// Package mutant builds the product with a mistake in it, so that a suite can
// show that it would notice: a check that can't fail proves nothing.
package mutant

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack"
)

// Mutant is a mistake.
type Mutant struct {
	// Name says what is wrong.
	Name string
	// edits make the mistake.
	edits []edit
}

// edit replaces a text that stands exactly once in a file of the product.
type edit struct{ file, old, new string }

// Build builds the product with the mistake, in a folder.
func (m Mutant) Build(ctx context.Context, dir string) (string, error) {
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	return operator.Build(ctx, dir, overlay)
}

// overlay writes the patched sources and the file that go build -overlay takes.
func (m Mutant) overlay(dir string) (string, error) {
	patched := map[string]string{}
	for _, e := range m.edits {
		source := filepath.Join(stack.Root(), e.file)
		target, again := patched[source]
		if !again {
			target = filepath.Join(dir, strings.ReplaceAll(e.file, "/", "_"))
		}
		current := source
		if again {
			current = target
		}
		if err := e.apply(m.Name, current, target); err != nil {
			return "", err
		}
		patched[source] = target
	}
	raw, err := json.Marshal(map[string]any{"Replace": patched})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, raw, 0o600)
}

func (e edit) apply(name, from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if strings.Count(string(raw), e.old) != 1 {
		return fmt.Errorf("%s does not hold exactly once what the mutant %q replaces:\n%s", e.file, name, e.old)
	}
	return os.WriteFile(to, []byte(strings.Replace(string(raw), e.old, e.new, 1)), 0o600)
}
