package expression

import (
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// meterName is the variable that holds an evaluation's meter; no expression can
// name it.
const meterName = "\x00meter"

// meter counts the cost of one evaluation and looks at the clock. CEL's own
// tracker looks for each variable among all values of a loop so far: a loop over
// 20,000 elements took it a second, of which its cost said nothing.
type meter struct {
	spent int
	ended <-chan struct{}
}

// charge ends the evaluation, as CEL's tracker does, when it has cost too much or
// its time is over. An error would not: `or` goes on after one.
func (m *meter) charge(cost int) {
	if m.spent += cost; m.spent > costLimit {
		panic(interpreter.EvalCancelledError{Cause: interpreter.CostLimitExceeded, Message: "cost limit exceeded"})
	}
	select {
	case <-m.ended:
		panic(interpreter.EvalCancelledError{Cause: interpreter.ContextCancelled, Message: "time is over"})
	default:
	}
}

// meterOf the evaluation that a frame belongs to.
func meterOf(frame *interpreter.ExecutionFrame) *meter {
	v, _ := frame.ResolveName(meterName)
	if m, ok := v.(*meter); ok {
		return m
	}
	panic("evaluation has no meter") // which CEL makes an error
}

// literal is a list or map that is written out.
type literal struct {
	interpreter.InterpretableConstructor
	cost int
}

// Exec implements interpreter.InterpretableV2.
func (l literal) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	meterOf(frame).charge(l.cost)
	return l.InterpretableConstructor.Exec(frame)
}

// Eval implements interpreter.Interpretable.
func (l literal) Eval(vars interpreter.Activation) ref.Val { return l.Exec(interpreter.AsFrame(vars)) }

// attribute is a variable with its fields. Every round of a loop has one, or a
// call.
type attribute struct {
	interpreter.InterpretableAttribute
}

// Exec implements interpreter.InterpretableV2.
func (a attribute) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	meterOf(frame).charge(1)
	return a.InterpretableAttribute.Exec(frame)
}

// Eval implements interpreter.Interpretable.
func (a attribute) Eval(vars interpreter.Activation) ref.Val {
	return a.Exec(interpreter.AsFrame(vars))
}
