package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

// notTheSenders are the fields of a spec that the WebhookSource or a person
// decides.
func notTheSenders() []string {
	return []string{"accountRef", "policyRef", "source", "shard", "suspend", "cancel"}
}

const orderDescription = `The body that a WebhookSource without a mapping takes: one order. ` +
	`Whatever this schema accepts is accepted, but for what a schema can't say: a field given twice, a whole number written with ` +
	`a fraction or an exponent, two variants of one dimension, a card number. ` +
	`An optional field that is null or empty counts as left out, though this schema refuses it.`

// Schema makes the schema of a native body from the manifest of the ZMAOrder
// resource. It fails on a keyword or a rule that it does not know, so that none
// is lost without anybody having decided so.
func Schema(crd []byte) ([]byte, error) {
	spec, err := specOf(crd)
	if err != nil {
		return nil, err
	}
	properties, _ := spec["properties"].(object)
	source, _ := properties["source"].(object)
	ofSource, _ := source["properties"].(object)
	externalID, ok := ofSource["externalID"]
	if !ok {
		return nil, errors.New("spec.source.externalID is missing")
	}
	for _, name := range notTheSenders() {
		if _, ok := properties[name]; !ok {
			return nil, fmt.Errorf("spec.%s is missing", name)
		}
		delete(properties, name)
	}
	properties["externalID"] = externalID
	spec["required"] = append(without(spec["required"], notTheSenders()), "externalID")
	schema, err := convert("order", spec)
	if err != nil {
		return nil, err
	}
	maps.Copy(schema, object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         "https://zma.dev/schemas/order.json",
		"title":       "Order",
		"description": orderDescription,
	})
	return encode(schema)
}

func specOf(crd []byte) (object, error) {
	var manifest struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema struct {
						Properties map[string]object `json:"properties"`
					} `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(crd, &manifest); err != nil {
		return nil, fmt.Errorf("resource: %w", err)
	}
	if len(manifest.Spec.Versions) != 1 {
		return nil, fmt.Errorf("the resource has %d versions, want one", len(manifest.Spec.Versions))
	}
	spec := manifest.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	if spec == nil {
		return nil, errors.New("the resource has no spec")
	}
	return spec, nil
}

func without(list any, drop []string) []any {
	all, _ := list.([]any)
	return slices.DeleteFunc(slices.Clone(all), func(v any) bool {
		name, _ := v.(string)
		return slices.Contains(drop, name)
	})
}

// encode sorts keys and leaves "<" as it is.
func encode(schema object) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
