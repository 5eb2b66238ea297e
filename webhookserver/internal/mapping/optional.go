package mapping

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// heldName is the name of the value that optMap works on, which no expression can
// write.
const heldName = "@held"

// optionalMacros are optMap and optFlatMap as CEL means them. CEL's own write
// what they are called on twice, so that sixteen in a row are more than a
// machine can hold.
func optionalMacros() cel.EnvOption {
	return cel.Macros(
		cel.ReceiverMacro("optMap", 2, func(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			return mapOptional(f, target, args, func(e ast.Expr) ast.Expr { return f.NewCall("optional.of", e) })
		}),
		cel.ReceiverMacro("optFlatMap", 2, func(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			return mapOptional(f, target, args, func(e ast.Expr) ast.Expr { return e })
		}),
	)
}

func mapOptional(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr, wrap func(ast.Expr) ast.Expr) (ast.Expr, *cel.Error) {
	if args[0].Kind() != ast.IdentKind {
		return nil, f.NewError(args[0].ID(), "the name of the value must be a plain one")
	}
	held := func(method string) ast.Expr { return f.NewMemberCall(method, f.NewIdent(heldName)) }
	mapped := bind(f, args[0].AsIdent(), held("value"), args[1])
	return bind(f, heldName, target,
		f.NewCall(operators.Conditional, held("hasValue"), wrap(mapped), f.NewCall("optional.none"))), nil
}

// bind gives a value a name in an expression, as cel.bind does.
func bind(f cel.MacroExprFactory, name string, value, in ast.Expr) ast.Expr {
	return f.NewComprehension(f.NewList(), "#unused", name, value, f.NewLiteral(types.False), f.NewIdent(name), in)
}
