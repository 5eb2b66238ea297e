package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readCRD(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", crdPath))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestWhatIsServedIsWhatIsGenerated(t *testing.T) {
	root := filepath.Join("..", "..")
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, openapiPath, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: run go run ./hack/schema and commit the result:\n%s", name, diff)
		}
	}
}

func TestConstraintsFollowTheResource(t *testing.T) {
	crd := strings.Replace(readCRD(t), "maxLength: 240", "maxLength: 17", 1)
	out, err := Schema([]byte(crd))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			Gift struct {
				Properties struct {
					Message struct{ MaxLength int }
				}
			}
		}
	}
	if err := json.Unmarshal(out, &schema); err != nil {
		t.Fatal(err)
	}
	if got := schema.Properties.Gift.Properties.Message.MaxLength; got != 17 {
		t.Errorf("maxLength %d, want 17", got)
	}
	if strings.Contains(string(out), "x-kubernetes") {
		t.Error("keywords of Kubernetes are left")
	}
}

func TestNothingIsLostSilently(t *testing.T) {
	crd := readCRD(t)
	for reason, tc := range map[string]struct{ old, new, says string }{
		"a keyword that nobody has translated": {"maxLength: 240", "multipleOf: 2", "multipleOf"},
		"a rule that nobody has translated":    {"message: shipping needs either method or orderBy", "message: another rule", "another rule"},
		"a field of the source that is gone":   {"policyRef:", "policy:", "policyRef"},
		"a manifest without versions":          {"versions:", "version:", "versions"},
	} {
		t.Run(reason, func(t *testing.T) {
			changed := strings.ReplaceAll(crd, tc.old, tc.new)
			if changed == crd {
				t.Fatalf("the resource has no %q", tc.old)
			}
			if _, err := Schema([]byte(changed)); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want one about %s", err, tc.says)
			}
		})
	}
}
