package mapping

import (
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// forbidden finds what compiles and must not run: a pattern taken from the body,
// whose sender could choose one that takes long, messages of protobuf, whose
// maps are walked in random order, and optional parts that are none: CEL's error
// writes out the whole value, which may be of any size.
func forbidden(field string, checked *cel.Ast) error {
	var found *CompileError
	native := checked.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if message := refusal(native, e); message != "" && found == nil {
			found = compileError(field, native.SourceInfo().GetStartLocation(e.ID()), message)
		}
	}))
	if found != nil {
		return found
	}
	return nil
}

func refusal(checked *ast.AST, e ast.Expr) string {
	switch e.Kind() {
	case ast.StructKind:
		return "messages can't be made; use a map"
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == overloads.Matches {
			return patternRefusal(call)
		}
	}
	never := func(part ast.Expr) bool {
		return checked.GetType(part.ID()).TypeName() != types.OptionalType.TypeName()
	}
	if slices.ContainsFunc(optionalParts(e), never) {
		return "what follows `?` must be a field that may be missing, such as body.?field"
	}
	return ""
}

// optionalParts are the values that a list or map takes only if they are there.
func optionalParts(e ast.Expr) []ast.Expr {
	var out []ast.Expr
	switch e.Kind() {
	case ast.ListKind:
		list := e.AsList()
		for _, i := range list.OptionalIndices() {
			out = append(out, list.Elements()[i])
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			if entry := entry.AsMapEntry(); entry.IsOptional() {
				out = append(out, entry.Value())
			}
		}
	}
	return out
}

func patternRefusal(call ast.CallExpr) string {
	args := call.Args()
	pattern := args[len(args)-1]
	if pattern.Kind() != ast.LiteralKind {
		return "the pattern of matches must be written out"
	}
	if _, err := expression.CompilePattern(text(pattern.AsLiteral())); err != nil {
		return err.Error()
	}
	return ""
}
