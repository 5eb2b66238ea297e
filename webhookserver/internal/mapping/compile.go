package mapping

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// compiled is one expression of a source, ready to evaluate.
type compiled struct {
	field   string
	program cel.Program
	ast     *cel.Ast
}

// yield is what an expression may yield, as far as it is known beforehand.
type yield struct {
	meant string
	fits  func(*cel.Type) bool
}

func aBool() yield {
	return yield{"true or false", func(t *cel.Type) bool { return t.Kind() == types.BoolKind }}
}

func aTextOrTexts() yield {
	return yield{"a string or a list of strings", oneOrListOf(types.StringKind)}
}

func anObjectOrObjects() yield {
	return yield{"an object or a list of objects", oneOrListOf(types.MapKind)}
}

func oneOrListOf(kind cel.Kind) func(*cel.Type) bool {
	return func(t *cel.Type) bool {
		if t.Kind() == types.ListKind && len(t.Parameters()) == 1 {
			t = t.Parameters()[0]
		}
		return t.Kind() == kind || open(t)
	}
}

// open tells whether a type is known only when the expression is evaluated.
func open(t *cel.Type) bool { return t.Kind() == types.DynKind || t.Kind() == types.TypeParamKind }

// compile checks and plans an expression. The error is a *CompileError, unless
// CEL itself fails.
func compile(env *cel.Env, field, text string, want yield) (*compiled, error) {
	ast, issues := env.Compile(text)
	if err := firstIssue(field, issues); err != nil {
		return nil, err
	}
	if t := ast.OutputType(); !want.fits(t) && !open(t) {
		return nil, &CompileError{Field: field, Line: 1, Column: 1, Message: fmt.Sprintf("must yield %s, not %s", want.meant, t)}
	}
	if err := forbidden(field, ast); err != nil {
		return nil, err
	}
	program, err := expression.Program(env, ast, cel.CustomDecoratorV2(orderMaps))
	if err != nil {
		return nil, &CompileError{Field: field, Line: 1, Column: 1, Message: clip(err.Error())}
	}
	return &compiled{field: field, program: program, ast: ast}, nil
}

func firstIssue(field string, issues *cel.Issues) error {
	if issues.Err() == nil {
		return nil
	}
	all := issues.Errors()
	if len(all) == 0 {
		return &CompileError{Field: field, Line: 1, Column: 1, Message: clip(issues.Err().Error())}
	}
	first := all[0]
	for _, e := range all {
		if before(e.Location, first.Location) {
			first = e
		}
	}
	return compileError(field, first.Location, strings.TrimSuffix(first.Message, " (in container '')"))
}

func before(a, b common.Location) bool {
	if a.Line() != b.Line() {
		return a.Line() < b.Line()
	}
	return a.Column() < b.Column()
}

func compileError(field string, at common.Location, message string) *CompileError {
	return &CompileError{Field: field, Line: max(1, at.Line()), Column: max(1, at.Column()+1), Message: clip(message)}
}
