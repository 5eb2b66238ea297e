package mapping

import (
	"regexp"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// forbidden finds what compiles and must not run: a pattern taken from the body,
// whose sender could choose one that takes long, and messages of protobuf, whose
// maps are walked in random order.
func forbidden(field string, checked *cel.Ast) error {
	var found *CompileError
	native := checked.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if message := refusal(e); message != "" && found == nil {
			found = compileError(field, native.SourceInfo().GetStartLocation(e.ID()), message)
		}
	}))
	if found != nil {
		return found
	}
	return nil
}

func refusal(e ast.Expr) string {
	switch e.Kind() {
	case ast.StructKind:
		return "messages can't be made; use a map"
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == overloads.Matches {
			return patternRefusal(call)
		}
	}
	return ""
}

func patternRefusal(call ast.CallExpr) string {
	args := call.Args()
	pattern := args[len(args)-1]
	if pattern.Kind() != ast.LiteralKind {
		return "the pattern of matches must be written out"
	}
	if _, err := regexp.Compile(text(pattern.AsLiteral())); err != nil {
		return err.Error()
	}
	return ""
}

// boundRegex compiles patterns once, and bounds the text they are tried on.
func boundRegex() *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{Function: overloads.Matches, RegexIndex: 1, Factory: planPattern}
}

func planPattern(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableCall, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
		s, ok := args[0].(types.String)
		switch {
		case !ok:
			return types.MaybeNoSuchOverloadErr(args[0])
		case len(s) > maxText:
			return types.WrapErr(errTextTooLong)
		}
		return types.Bool(re.MatchString(string(s)))
	}), nil
}
