package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// databaseSecrets are the Secrets that workloads get DATABASE_URL from.
func databaseSecrets(t *testing.T, rendered []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range objects(t, rendered) {
		containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range containers {
			env, _, err := unstructured.NestedSlice(c.(map[string]any), "env")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range env {
				name, _, _ := unstructured.NestedString(e.(map[string]any), "valueFrom", "secretKeyRef", "name")
				if e.(map[string]any)["name"] == "DATABASE_URL" {
					out[o.GetName()] = name
				}
			}
		}
	}
	return out
}

func TestEachProcessMayHaveADatabaseLoginOfItsOwn(t *testing.T) {
	if diff := cmp.Diff(map[string]string{"zma-controller": "zma-operator-database", "zma-webhook": "zma-operator-database",
		"zma-migrate": "zma-operator-database"}, databaseSecrets(t, render(t, "default"))); diff != "" {
		t.Errorf("default: %s", diff)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	// kustomize takes relative paths only.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	back, err := filepath.Rel(dir, here)
	if err != nil {
		t.Fatal(err)
	}
	overlay := "resources: [" + back + "/default]\ncomponents: [" + back + "/database-roles]\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"zma-controller": "zma-operator-database", "zma-webhook": "zma-operator-database-intake",
		"zma-migrate": "zma-operator-database-owner"}, databaseSecrets(t, render(t, dir))); diff != "" {
		t.Errorf("with the component: %s", diff)
	}
}
