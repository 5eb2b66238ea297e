package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// convert turns a schema of a resource into one of JSON Schema 2020-12.
func convert(at string, in object) (object, error) {
	out := object{}
	for _, keyword := range slices.Sorted(maps.Keys(in)) {
		if err := convertKeyword(at, keyword, in[keyword], out); err != nil {
			return nil, err
		}
	}
	if in["type"] == "object" {
		out["additionalProperties"] = false
	}
	return out, applyRules(at, in, out)
}

func convertKeyword(at, keyword string, value any, out object) (err error) {
	switch keyword {
	case "type", "required", "enum", "default", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum":
		out[keyword] = value
	case "description":
		text, _ := value.(string)
		out[keyword] = strings.Join(strings.Fields(text), " ")
	case "format":
		// The formats of numbers are OpenAPI's own; the bounds say more.
		if value == "date-time" {
			out[keyword] = value
		}
	case "items":
		out[keyword], err = convertValue(at+"[]", value)
	case "properties":
		out[keyword], err = convertProperties(at, value)
	case "x-kubernetes-list-type":
		// Two entries that are equal have the same key.
		if value == "map" || value == "set" {
			out["uniqueItems"] = true
		}
	case "x-kubernetes-list-map-keys", "x-kubernetes-validations":
	default:
		return fmt.Errorf("%s: keyword %s is not known", at, keyword)
	}
	return err
}

func convertProperties(at string, value any) (object, error) {
	in, _ := value.(object)
	out := object{}
	for name, schema := range in {
		var err error
		if out[name], err = convertValue(at+"."+name, schema); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func convertValue(at string, value any) (object, error) {
	in, ok := value.(object)
	if !ok {
		return nil, fmt.Errorf("%s: not a schema", at)
	}
	return convert(at, in)
}
