package expression

import (
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// maxCompared is how many values each side of a comparison may hold.
const maxCompared = 1 << 16

// boundComparisons keeps comparisons of lists and maps within bounds. CEL compares
// all that they hold in one step, which no interrupt ends, and counts the cost
// of the outermost ones alone: `[1].map(a, [a, a]).map(b, [b, b])…` soon holds more
// than can ever be compared.
func boundComparisons(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	compare := comparison(call.Function())
	if compare == nil || len(call.Args()) != 2 {
		return i, nil
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
		if weight(args[0]) > maxCompared || weight(args[1]) > maxCompared {
			return types.NewErr("more than %d values can't be compared", maxCompared)
		}
		return compare(args[0], args[1])
	}), nil
}

func comparison(function string) func(a, b ref.Val) ref.Val {
	switch function {
	case operators.Equals:
		return types.Equal
	case operators.NotEquals:
		return func(a, b ref.Val) ref.Val { return types.Bool(types.Equal(a, b) != types.True) }
	case operators.In:
		return contains
	}
	return nil
}

func contains(element, in ref.Val) ref.Val {
	container, ok := in.(traits.Container)
	if !ok {
		return types.ValOrErr(in, "no such overload")
	}
	return container.Contains(element)
}

// comparisonCost counts everything that a comparison may look at.
type comparisonCost struct{}

// CallCost implements interpreter.ActualCostEstimator.
func (comparisonCost) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if comparison(function) == nil || len(args) != 2 || !holds(args[0]) && !holds(args[1]) {
		return nil
	}
	cost := uint64(weight(args[0]) + weight(args[1]))
	return &cost
}

func holds(v ref.Val) bool {
	switch v.(type) {
	case traits.Lister, traits.Mapper:
		return true
	}
	return false
}

// weight is the number of values that v holds, itself included; it stops
// counting soon after maxCompared.
func weight(v ref.Val) int {
	return count(v, maxCompared+1)
}

func count(v ref.Val, upTo int) int {
	n := 1
	switch held := v.(type) {
	case traits.Lister:
		for it := held.Iterator(); n < upTo && it.HasNext() == types.True; {
			n += count(it.Next(), upTo-n)
		}
	case traits.Mapper:
		for it := held.Iterator(); n < upTo && it.HasNext() == types.True; {
			value, _ := held.Find(it.Next())
			n += 1 + count(value, upTo-n)
		}
	case *types.Optional:
		if held.HasValue() {
			n += count(held.GetValue(), upTo-n)
		}
	}
	return n
}
