package expression

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// call is one of a function, charged for what it read and made.
type call struct {
	interpreter.InterpretableCall
	args []interpreter.InterpretableV2
	// takesErrors is true of a function that is called with errors too.
	takesErrors bool
	do          func(args ...ref.Val) ref.Val
	// more than what every call of the function costs.
	more int
}

// Exec implements interpreter.InterpretableV2.
func (c *call) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	m := meterOf(frame)
	args := make([]ref.Val, len(c.args))
	for i, a := range c.args {
		args[i] = a.Exec(frame)
		if !c.takesErrors && types.IsUnknownOrError(args[i]) {
			m.charge(1)
			return args[i]
		}
	}
	result := types.LabelErrNode(c.ID(), c.do(args...))
	m.charge(1 + c.more + callCost(c.Function(), args, result))
	return result
}

// Eval implements interpreter.Interpretable.
func (c *call) Eval(vars interpreter.Activation) ref.Val { return c.Exec(interpreter.AsFrame(vars)) }

// binding finds what a call calls, in CEL's order: the overload, if the types
// were known, or the function, which chooses by its arguments.
func binding(env *cel.Env, planned interpreter.InterpretableCall) (*functions.Overload, error) {
	var found *functions.Overload
	all, err := env.Functions()[planned.Function()].Bindings()
	for _, o := range all {
		switch o.Operator {
		case planned.OverloadID():
			return o, err
		case planned.Function():
			found = o
		}
	}
	return found, err
}

// invoke calls a function with as many arguments as it takes; nil if it can't.
func invoke(o *functions.Overload, args int) func(...ref.Val) ref.Val {
	switch {
	case args == 1 && o.Unary != nil:
		return func(args ...ref.Val) ref.Val { return o.Unary(args[0]) }
	case args == 2 && o.Binary != nil:
		return func(args ...ref.Val) ref.Val { return o.Binary(args[0], args[1]) }
	case o.Function != nil:
		return func(args ...ref.Val) ref.Val { return o.Function(args...) }
	}
	return nil
}

// guarded calls only with what has the trait that the function needs.
func guarded(o *functions.Overload, do func(...ref.Val) ref.Val) func(...ref.Val) ref.Val {
	if o.OperandTrait == 0 { // as of all that take nothing
		return do
	}
	return func(args ...ref.Val) ref.Val {
		if types.IsUnknownOrError(args[0]) || args[0].Type().HasTrait(o.OperandTrait) {
			return do(args...)
		}
		return types.NewErr("no such overload")
	}
}
