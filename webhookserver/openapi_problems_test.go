package webhookserver

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/webhookserver/openapi"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// TestProblemsAndDocumentAgree fails on a problem that is documented and that no
// handler answers with, and on one that is answered and not documented.
func TestProblemsAndDocumentAgree(t *testing.T) {
	inCode := map[string]bool{}
	eachNode(t, func(n ast.Node) {
		literal, ok := n.(*ast.CompositeLit)
		if name, _ := literalType(literal); !ok || name != "problem" || len(literal.Elts) == 0 {
			return
		}
		fields := map[string]ast.Expr{}
		for _, element := range literal.Elts {
			pair := element.(*ast.KeyValueExpr)
			fields[pair.Key.(*ast.Ident).Name] = pair.Value
		}
		inCode[fmt.Sprintf("%d %s", statusOf(t, fields["status"]), textOf(t, fields["slug"]))] = true
	})
	if diff := cmp.Diff(inCode, documentedProblems(t)); diff != "" {
		t.Errorf("code (-) and openapi.yaml (+) have other problems:\n%s", diff)
	}
}

// documentedProblems are the statuses and slugs of all operations.
func documentedProblems(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, item := range loadDocument(t).Paths.Map() {
		for _, operation := range item.Operations() {
			for status, answer := range operation.Responses.Map() {
				for _, slug := range slugsOf(t, answer.Value.Content["application/problem+json"]) {
					out[status+" "+slug] = true
				}
			}
		}
	}
	return out
}

// slugsOf reads the enum of type, which each problem has beside the common schema.
func slugsOf(t *testing.T, media any) []string {
	t.Helper()
	raw, err := json.Marshal(media)
	if err != nil {
		t.Fatal(err)
	}
	var content struct {
		Schema struct {
			AllOf []struct {
				Properties struct {
					Type struct{ Enum []string }
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &content); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, part := range content.Schema.AllOf {
		for _, uri := range part.Properties.Type.Enum {
			slug, ok := strings.CutPrefix(uri, problemBase)
			if !ok {
				t.Errorf("%s is not under %s", uri, problemBase)
			}
			out = append(out, slug)
		}
	}
	return out
}

// TestRoutesAndDocumentAgree fails on a route that is not documented, and on a
// path that is documented and not served.
func TestRoutesAndDocumentAgree(t *testing.T) {
	served := map[string]bool{}
	eachNode(t, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 || !isMuxCall(call) {
			return
		}
		if handler, ok := call.Args[1].(*ast.Ident); ok && handler.Name == "nothing" {
			return // answers that there is nothing
		}
		pattern := textOf(t, call.Args[0])
		if _, route, ok := strings.Cut(pattern, " "); ok {
			pattern = route
		}
		served[strings.ReplaceAll(pattern, "...}", "}")] = true
	})
	inDocument := map[string]bool{}
	for template := range loadDocument(t).Paths.Map() {
		inDocument[template] = true
	}
	if diff := cmp.Diff(served, inDocument); diff != "" {
		t.Errorf("routes (-) and openapi.yaml (+) have other paths:\n%s", diff)
	}
}

func isMuxCall(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "Handle" && f.Sel.Name != "HandleFunc" {
		return false
	}
	receiver, ok := f.X.(*ast.Ident)
	return ok && receiver.Name == "mux"
}

// eachNode visits the package's code without its tests.
func eachNode(t *testing.T, visit func(ast.Node)) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				visit(n)
				return true
			})
		}
	}
}

func literalType(literal *ast.CompositeLit) (string, bool) {
	if literal == nil {
		return "", false
	}
	name, ok := literal.Type.(*ast.Ident)
	if !ok {
		return "", false
	}
	return name.Name, true
}

// textOf works a constant expression out.
func textOf(t *testing.T, e ast.Expr) string {
	t.Helper()
	constants := map[string]string{
		"source.PathPrefix": source.PathPrefix, "callback.PathPrefix": callback.PathPrefix, "callbackV2Prefix": callbackV2Prefix,
		"openapi.DocumentPath": openapi.DocumentPath, "openapi.SchemaPath": openapi.SchemaPath,
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	case *ast.BinaryExpr:
		return textOf(t, e.X) + textOf(t, e.Y)
	case *ast.Ident:
		if text, ok := constants[e.Name]; ok {
			return text
		}
	case *ast.SelectorExpr:
		if text, ok := constants[e.X.(*ast.Ident).Name+"."+e.Sel.Name]; ok {
			return text
		}
	}
	t.Fatalf("what is the value of %v?", e)
	return ""
}

// statusOf finds the number of http.StatusNotFound and its like.
func statusOf(t *testing.T, e ast.Expr) int {
	t.Helper()
	name, ok := e.(*ast.SelectorExpr)
	for status := 100; ok && status < 600; status++ {
		if "Status"+strings.NewReplacer(" ", "", "-", "", "'", "").Replace(http.StatusText(status)) == name.Sel.Name {
			return status
		}
	}
	t.Fatalf("what is the status %v?", e)
	return 0
}
