package v1alpha1_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// probe is one bound of one field, with values on both of its sides.
type probe struct {
	path, rule string
	// within are values that the bound takes; beyond is one that it refuses.
	within []any
	beyond any
	// message is a part of what the refusal says about the field.
	message string
}

// TestEveryBoundHoldsAtItsEdge reads all bounds from the schema itself, so that a
// new field is tried without a new test, and asks the API server for values at
// the edge and just beyond it.
func TestEveryBoundHoldsAtItsEdge(t *testing.T) {
	for _, crd := range crds(t) {
		kind := crd.Spec.Names.Kind
		stored := object(t, kind, nil)
		try(t, stored, "")
		for _, part := range []string{"spec", "status"} {
			probes := boundsOf(part, crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties[part])
			if len(probes) == 0 {
				t.Errorf("%s.%s has no bounds", kind, part)
			}
			for _, p := range probes {
				t.Run(kind+" "+p.path+" "+p.rule, func(t *testing.T) { p.run(t, stored) })
			}
		}
	}
}

func (p probe) run(t *testing.T, stored *unstructured.Unstructured) {
	for _, v := range p.within {
		if got := refusal(t, stored, p.path, v); strings.Contains(got, p.message) {
			t.Errorf("%v is refused: %s", v, got)
		}
	}
	if got := refusal(t, stored, p.path, p.beyond); !strings.Contains(got, p.message) {
		t.Errorf("%v is not refused with %q, but: %q", p.beyond, p.message, got)
	}
}

// refusal is what the API server says about one field when it has a value; empty
// when nothing. Nothing is stored.
func refusal(t *testing.T, stored *unstructured.Unstructured, path string, value any) string {
	t.Helper()
	o := stored.DeepCopy()
	place(o.Object, strings.Split(path, "."), value)
	err := dryRun(t, o, strings.HasPrefix(path, "status"))
	var status apierrors.APIStatus
	if err == nil || !errors.As(err, &status) || status.Status().Details == nil {
		return ""
	}
	var said []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Field == indexed(path) {
			said = append(said, cause.Message)
		}
	}
	return strings.Join(said, "\n")
}

func dryRun(t *testing.T, o *unstructured.Unstructured, status bool) error {
	t.Helper()
	if status {
		return server.Status().Update(t.Context(), o, client.DryRunAll)
	}
	o.SetResourceVersion("")
	o.SetUID("")
	o.SetName(o.GetName() + "-dry")
	return server.Create(t.Context(), o, client.DryRunAll)
}

// indexed writes a path as the API server does: spec.items[0].title.
func indexed(path string) string {
	return regexp.MustCompile(`\.(\d+)`).ReplaceAllString(path, "[$1]")
}

// place puts a value at a path, and makes the objects and lists on the way.
func place(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if _, err := strconv.Atoi(path[0]); err == nil {
		list, _ := in.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = place(list[0], path[1:], value)
		return list
	}
	object, _ := in.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	if len(path) == 1 && value == nil {
		delete(object, path[0])
	} else {
		object[path[0]] = place(object[path[0]], path[1:], value)
	}
	return object
}

// boundsOf lists the probes of a field and of all below it.
func boundsOf(path string, s apiextensionsv1.JSONSchemaProps) []probe {
	out := slices.Concat(textBounds(path, s), numberBounds(path, s), listBounds(path, s))
	for _, name := range s.Required {
		out = append(out, probe{path: path + "." + name, rule: "is needed", beyond: nil, message: "Required value"})
	}
	if s.Items != nil && s.Items.Schema != nil {
		out = append(out, boundsOf(path+".0", *s.Items.Schema)...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		out = append(out, boundsOf(path+"."+name, s.Properties[name])...)
	}
	return out
}

func textBounds(path string, s apiextensionsv1.JSONSchemaProps) []probe {
	var out []probe
	text := func(n int64) string {
		plain := strings.Repeat("a", int(n))
		if s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(plain) {
			return plain
		}
		end := sample(s.Pattern)
		return strings.Repeat("a", max(0, int(n)-len(end))) + end[:min(int(n), len(end))]
	}
	if s.MaxLength != nil {
		out = append(out, probe{path, "is at most so long", []any{text(*s.MaxLength)}, text(*s.MaxLength + 1), "Too long"})
	}
	if s.MinLength != nil {
		out = append(out, probe{path, "is at least so long", []any{text(*s.MinLength)}, text(*s.MinLength - 1), "should be at least"})
	}
	if s.Pattern != "" {
		// Long enough, as a text that is too short is told only that.
		blank := strings.Repeat(" ", int(max(1, ptr.Deref(s.MinLength, 1))))
		out = append(out, probe{path, "has a form", []any{sample(s.Pattern)}, blank, "should match"})
	}
	if s.Format == "date-time" {
		out = append(out, probe{path, "is a time", []any{"2026-03-01T12:00:00Z"}, "tomorrow", "must be of type date-time"})
	}
	if len(s.Enum) > 0 {
		var known []any
		for _, e := range s.Enum {
			known = append(known, strings.Trim(string(e.Raw), `"`))
		}
		out = append(out, probe{path, "is one of a list", known, "nonsense", "Unsupported value"})
	}
	return out
}

// sample is a text that matches a pattern; one that matches none of these needs a
// new entry.
func sample(pattern string) string {
	known := []string{
		"a", "US", "USD", "a@b.example", "https://shop.example", "1h30m",
		"6f0d4a58-0b2e-4f57-9a55-0d8d6cc6a001", "Placed", "{body}",
	}
	form := regexp.MustCompile(pattern)
	for _, s := range known {
		if form.MatchString(s) {
			return s
		}
	}
	panic(fmt.Sprintf("no sample matches %s", pattern))
}

func numberBounds(path string, s apiextensionsv1.JSONSchemaProps) []probe {
	var out []probe
	if s.Minimum != nil {
		out = append(out, probe{path, "is at least so much", []any{int64(*s.Minimum)}, int64(*s.Minimum) - 1, "greater than or equal to"})
	}
	if s.Maximum != nil {
		out = append(out, probe{path, "is at most so much", []any{int64(*s.Maximum)}, int64(*s.Maximum) + 1, "less than or equal to"})
	}
	if s.Type == "integer" {
		out = append(out, probe{path, "is whole", []any{int64(1)}, 1.5, "must be of type int"})
	}
	return out
}

func listBounds(path string, s apiextensionsv1.JSONSchemaProps) []probe {
	var out []probe
	if s.MaxItems != nil {
		out = append(out, probe{path, "has at most so many", []any{entries(*s.MaxItems, s)}, entries(*s.MaxItems+1, s), "Too many"})
	}
	if s.MinItems != nil {
		out = append(out, probe{path, "has at least so many", []any{entries(*s.MinItems, s)}, entries(*s.MinItems-1, s), "should have at least"})
	}
	return out
}

// entries are n different ones, by their keys where the list is a map.
func entries(n int64, s apiextensionsv1.JSONSchemaProps) []any {
	out := make([]any, n)
	for i := range out {
		name := fmt.Sprintf("e%d", i)
		if s.Items.Schema.Type != "object" {
			out[i] = name
			continue
		}
		entry := map[string]any{}
		for _, key := range s.XListMapKeys {
			entry[key] = name
		}
		out[i] = entry
	}
	return out
}
