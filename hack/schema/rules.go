package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// rules are the CEL rules of the resource in the words of JSON Schema, by the
// rule's message.
func rules() map[string]object {
	return map[string]object{
		"payment needs reference and amountCents, unless its provider is none, which takes no reference": {
			// The body is decoded before the API server's defaults: a provider that is
			// left out would be empty.
			"required": []string{"provider"},
			"if":       object{"properties": object{"provider": object{"const": "none"}}},
			"then":     object{"properties": object{"reference": false}},
			"else":     object{"required": []string{"reference", "amountCents"}},
		},
		"shipping needs either method or orderBy": {
			"oneOf": []object{{"required": []string{"method"}}, {"required": []string{"orderBy"}}},
		},
		"maxDays and maxPriceCents need orderBy": {
			"dependentRequired": object{"maxDays": []string{"orderBy"}, "maxPriceCents": []string{"orderBy"}},
		},
		// Not every language's patterns know letters by their property: what ASCII has that
		// is none is refused here, the rest by the endpoint.
		"must hold a letter or a digit":          {"pattern": `[^\s!-/:-@\[-\x60{-~]`},
		"must hold a character that can be seen": {"pattern": `\S`},
		"recipientOfGift needs gift": {
			"if":   object{"properties": object{"recipientOfGift": object{"const": true}}, "required": []string{"recipientOfGift"}},
			"then": object{"required": []string{"gift"}},
		},
	}
}

// applyRules adds the rules of one schema. Those about changes have no meaning
// for a body.
func applyRules(at string, in, out object) error {
	list, _ := in["x-kubernetes-validations"].([]any)
	for _, entry := range list {
		validation, _ := entry.(object)
		rule, _ := validation["rule"].(string)
		message, _ := validation["message"].(string)
		if strings.Contains(rule, "oldSelf") {
			continue
		}
		keywords, ok := rules()[message]
		if !ok {
			return fmt.Errorf("%s: how to say %q in JSON Schema?", at, message)
		}
		for keyword := range keywords {
			if _, taken := out[keyword]; taken {
				return errors.New(at + ": two rules want " + keyword)
			}
		}
		maps.Copy(out, keywords)
	}
	return nil
}
