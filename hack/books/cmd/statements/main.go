// Command statements prints the SQL statements of the ledger as a released version
// has them, for the test that they still work with later schemas:
//
//	go run ./hack/books/cmd/statements v1.2.3 > internal/ledger/testdata/statements-8.sql
//
// The number in the file's name is the version of that release's schema.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

const folder = "internal/ledger"

func main() {
	if err := write(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "statements:", err)
		os.Exit(1)
	}
}

func write(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("name one revision")
	}
	list, err := git("ls-tree", "--name-only", args[0], folder+"/")
	if err != nil {
		return err
	}
	var all []string
	for _, name := range strings.Fields(list) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := git("show", args[0]+":"+name)
		if err != nil {
			return err
		}
		found, err := statements(source)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	_, err = io.WriteString(out, strings.Join(all, ""))
	return err
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output() //nolint:gosec // a developer names the revision
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}

// statements are the constants named sql…, each below a line with its name.
func statements(source string) (out []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "sql") {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, bad := strconv.Unquote(lit.Value)
			err = errors.Join(err, bad)
			out = append(out, "-- name: "+spec.Names[0].Name+"\n"+strings.TrimSpace(text)+"\n\n")
		}
		return true
	})
	return out, err
}
