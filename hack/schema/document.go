package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// Document makes the OpenAPI document that is served: the one written by hand, in
// JSON, with the order's schema in it, so that it can be read by itself.
func Document(byHand, orderSchema []byte) ([]byte, error) {
	var document, order object
	if err := yaml.Unmarshal(byHand, &document); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	if err := json.Unmarshal(orderSchema, &order); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	components, _ := document["components"].(object)
	schemas, ok := components["schemas"].(object)
	if !ok || schemas["Order"] != nil {
		return nil, errors.New("document: components.schemas must be there and must not have Order")
	}
	delete(order, "$id") // else references within would be resolved against it
	delete(order, "$schema")
	schemas["Order"] = order
	return encode(document)
}
