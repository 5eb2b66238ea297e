// Command schema writes what the endpoint serves for machines: the JSON Schema of
// a native webhook body, made from the schema of the ZMAOrder resource, and the
// OpenAPI document with that schema in it. Run it from the root of the
// repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// Paths from the root of the repository.
const (
	crdPath      = "config/crd/bases/zma.dev_zmaorders.yaml"
	openapiPath  = "webhookserver/openapi"
	byHandName   = "openapi.yaml"
	documentName = "openapi.json"
	schemaName   = "order.schema.json"
)

func main() {
	out := openapiPath
	if len(os.Args) > 1 {
		out = os.Args[1] // to compare without writing over what is there
	}
	if err := run(".", out); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(root, out string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate makes all files, by name.
func generate(root string) (map[string][]byte, error) {
	crd, err := os.ReadFile(filepath.Join(root, crdPath))
	if err != nil {
		return nil, err
	}
	byHand, err := os.ReadFile(filepath.Join(root, openapiPath, byHandName))
	if err != nil {
		return nil, err
	}
	schema, err := Schema(crd)
	if err != nil {
		return nil, err
	}
	document, err := Document(byHand, schema)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{schemaName: schema, documentName: document}, nil
}
