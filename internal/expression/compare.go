package expression

import (
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Functions of CEL's sets.
const (
	setsContains   = "sets.contains"
	setsIntersects = "sets.intersects"
	setsEquivalent = "sets.equivalent"
)

const (
	// maxCompared is how many values each side of a comparison may hold.
	maxCompared = 1 << 16
	// maxSetsCompared is how many pairs of values two sets may make.
	maxSetsCompared = 1 << 18
	// textPerValue is how many bytes of text count as a value by themselves.
	textPerValue = 64
)

// compared keeps comparisons of lists and maps within bounds. CEL compares all
// that they hold in one step, which no interrupt ends, and counts the cost of the
// outermost ones alone: `[1].map(a, [a, a]).map(b, [b, b])…` soon holds more than
// can ever be compared.
func compared(function string, compare func(a, b ref.Val) ref.Val) func(...ref.Val) ref.Val {
	return func(args ...ref.Val) ref.Val {
		for _, side := range sides(function, args) {
			if holds(side) && weight(side) > maxCompared {
				return types.NewErr("more than %d values can't be compared", maxCompared)
			}
		}
		return compare(args[0], args[1])
	}
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

// comparedSets keeps the functions of CEL's sets within bounds: each compares
// every value of one list with every one of the other. It is nil for others.
func comparedSets(function string) func(...ref.Val) ref.Val {
	var compare func(a, b traits.Lister) bool
	switch function {
	case setsContains:
		compare = func(a, b traits.Lister) bool { return all(b, a, types.True) }
	case setsIntersects:
		compare = func(a, b traits.Lister) bool { return !all(a, b, types.False) }
	case setsEquivalent:
		compare = func(a, b traits.Lister) bool { return all(b, a, types.True) && all(a, b, types.True) }
	default:
		return nil
	}
	return func(args ...ref.Val) ref.Val {
		a, okA := args[0].(traits.Lister)
		b, okB := args[1].(traits.Lister)
		switch {
		case !okA || !okB:
			return types.NewErr("no such overload")
		case pairs(a, b) > maxSetsCompared:
			return types.NewErr("more than %d pairs of values can't be compared", maxSetsCompared)
		}
		return types.Bool(compare(a, b))
	}
}

// pairs of values that two sets make.
func pairs(a, b ref.Val) int { return weight(a) * weight(b) }

// all tells whether every element of a list is, or is not, in another.
func all(of, in traits.Lister, want ref.Val) bool {
	for it := of.Iterator(); it.HasNext() == types.True; {
		if in.Contains(it.Next()) != want {
			return false
		}
	}
	return true
}

// sides are what a comparison looks at: a map is not walked for a key in it.
func sides(function string, args []ref.Val) []ref.Val {
	if _, isMap := args[1].(traits.Mapper); isMap && function == operators.In {
		return args[:1]
	}
	return args
}

// comparisonCost counts everything that a comparison may look at.
func comparisonCost(function string, args []ref.Val) int {
	if !holds(args[0]) && !holds(args[1]) {
		return min(textSize(args[0]), textSize(args[1])) / readPerCost
	}
	cost := 0
	for _, side := range sides(function, args) {
		cost += weight(side)
	}
	return cost
}

func holds(v ref.Val) bool {
	switch v.(type) {
	case traits.Lister, traits.Mapper, *types.Optional:
		return true
	}
	return false
}

// weight is the number of values that v holds, itself included, with long texts
// as several; it stops counting soon after maxCompared.
func weight(v ref.Val) int {
	return count(v, maxCompared+1)
}

func count(v ref.Val, upTo int) int {
	n := 1 + textSize(v)/textPerValue
	switch held := v.(type) {
	case traits.Lister:
		for it := held.Iterator(); n < upTo && it.HasNext() == types.True; {
			n += count(it.Next(), upTo-n)
		}
	case traits.Mapper:
		for it := held.Iterator(); n < upTo && it.HasNext() == types.True; {
			key := it.Next()
			value, _ := held.Find(key)
			n += count(key, upTo-n) + count(value, upTo-n)
		}
	case *types.Optional:
		if held.HasValue() {
			n += count(held.GetValue(), upTo-n)
		}
	}
	return n
}
