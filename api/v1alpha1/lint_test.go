package v1alpha1_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func crds(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "config", "crd", "bases", "*.yaml"))
	if err != nil || len(files) != 5 {
		t.Fatalf("found %d CRDs (%v), want 5", len(files), err)
	}
	var out []apiextensionsv1.CustomResourceDefinition
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(raw, &crd); err != nil {
			t.Fatal(err)
		}
		out = append(out, crd)
	}
	return out
}

// TestSchemaIsBounded walks through every field: no floats, so no rounded money;
// no text or list without a bound, so no object that outgrows etcd.
func TestSchemaIsBounded(t *testing.T) {
	for _, crd := range crds(t) {
		schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
		for _, part := range []string{"spec", "status"} {
			walk(t, crd.Spec.Names.Kind+"."+part, schema.Properties[part])
		}
	}
}

func walk(t *testing.T, path string, s apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	// The conditions are apimachinery's own, with their own bounds.
	if strings.HasSuffix(path, ".conditions[]") {
		return
	}
	if s.Description == "" && !strings.HasSuffix(path, "[]") {
		t.Errorf("%s has no description", path)
	}
	if s.XPreserveUnknownFields != nil {
		t.Errorf("%s takes anything", path)
	}
	switch s.Type {
	case "number":
		t.Errorf("%s is a float", path)
	case "integer":
		if strings.HasSuffix(path, "Cents") && s.Format != "int64" {
			t.Errorf("%s is money in %q", path, s.Format)
		}
	case "string":
		if s.MaxLength == nil && len(s.Enum) == 0 && s.Format != "date-time" {
			t.Errorf("%s has no bound", path)
		}
	case "array":
		if s.MaxItems == nil {
			t.Errorf("%s has no bound", path)
		}
		if s.XListType == nil {
			t.Errorf("%s has no list type", path)
		}
		walk(t, path+"[]", *s.Items.Schema)
	case "object":
		if s.AdditionalProperties != nil {
			t.Errorf("%s is a map without a bound", path)
		}
	}
	for name, p := range s.Properties {
		walk(t, path+"."+name, p)
	}
}

func TestResourcesHaveTheirManners(t *testing.T) {
	for _, crd := range crds(t) {
		n, v := crd.Spec.Names, crd.Spec.Versions[0]
		if !slices.Equal(n.Categories, []string{"zma"}) || len(n.ShortNames) != 1 {
			t.Errorf("%s has categories %v and short names %v", n.Kind, n.Categories, n.ShortNames)
		}
		if v.Subresources == nil || v.Subresources.Status == nil || crd.Spec.Scope != apiextensionsv1.NamespaceScoped {
			t.Errorf("%s has no status subresource, or is not namespaced", n.Kind)
		}
		conditions := v.Schema.OpenAPIV3Schema.Properties["status"].Properties["conditions"]
		if conditions.XListType == nil || *conditions.XListType != "map" || !slices.Equal(conditions.XListMapKeys, []string{"type"}) {
			t.Errorf("%s: conditions are no map by type", n.Kind)
		}
	}
}
