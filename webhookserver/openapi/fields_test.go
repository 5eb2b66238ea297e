package openapi_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
	"github.com/zma-operator/zma-operator/webhookserver/openapi"
)

// part is as much of a schema as the decoder's types can be held against.
type part struct {
	Type                 string          `json:"type"`
	Properties           map[string]part `json:"properties"`
	Items                *part           `json:"items"`
	AdditionalProperties *bool           `json:"additionalProperties"`
	Required             []string        `json:"required"`
}

// TestTheSchemaHasTheDecodersFields fails when a field is added to the resource
// that the decoder refuses, or to the decoder that the schema does not publish.
func TestTheSchemaHasTheDecodersFields(t *testing.T) {
	var schema part
	if err := json.Unmarshal(openapi.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	compare(t, "order", schema, reflect.TypeFor[mapping.NativeOrder]())
	want := []string{"customer", "externalID", "items", "shippingAddress", "total"}
	if slices.Sort(schema.Required); !slices.Equal(schema.Required, want) {
		t.Errorf("required are %v, want %v", schema.Required, want)
	}
}

func compare(t *testing.T, at string, schema part, decoder reflect.Type) {
	t.Helper()
	for decoder.Kind() == reflect.Pointer {
		decoder = decoder.Elem()
	}
	want := jsonType(decoder)
	if schema.Type != want {
		t.Errorf("%s is %q in the schema and %q in the decoder", at, schema.Type, want)
		return
	}
	switch want {
	case "array":
		compare(t, at+"[]", *schema.Items, decoder.Elem())
	case "object":
		compareFields(t, at, schema, decoder)
	}
}

func compareFields(t *testing.T, at string, schema part, decoder reflect.Type) {
	t.Helper()
	if schema.AdditionalProperties == nil || *schema.AdditionalProperties {
		t.Errorf("%s: the schema lets unknown fields through", at)
	}
	seen := map[string]bool{}
	for i := range decoder.NumField() {
		field := decoder.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		seen[name] = true
		property, ok := schema.Properties[name]
		if !ok {
			t.Errorf("%s.%s is not in the schema", at, name)
			continue
		}
		compare(t, at+"."+name, property, field.Type)
	}
	for name := range schema.Properties {
		if !seen[name] {
			t.Errorf("%s.%s is unknown to the decoder", at, name)
		}
	}
}

func jsonType(t reflect.Type) string {
	if t == reflect.TypeFor[metav1.Time]() {
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "array"
	case reflect.Struct:
		return "object"
	}
	return t.String()
}
