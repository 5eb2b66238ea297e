package expression

import (
	"strings"

	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// What a call costs beyond 1: it bounds the text that one evaluation makes to
// 4 MB together, and the elements of its lists to 250,000.
const (
	readPerCost = 40 // bytes
	madePerCost = 16 // bytes
	// elementSize and entrySize are what an element of a list and an entry of a map
	// count as, in bytes.
	elementSize = 16
	entrySize   = 64
	// literalBase is the least that a list or map costs.
	literalBase = 5
	// zoneCost of looking up a time zone, which may read a file.
	zoneCost = 50
	// patternCost of compiling a pattern that is not written in the expression.
	patternCost = 1000
)

func callCost(function string, args []ref.Val, result ref.Val) int {
	switch function {
	case operators.Equals, operators.NotEquals, operators.In:
		return comparisonCost(function, args)
	case setsContains, setsIntersects, setsEquivalent:
		return min(pairs(args[0], args[1]), maxSetsCompared)
	case overloads.Contains, overloads.Matches:
		return productCost(args)
	}
	cost := perUnit(read(function, args), readPerCost)
	if len(args) == 2 && strings.HasPrefix(function, "get") { // getHours("Asia/Tokyo")
		cost += zoneCost
	}
	return cost + perUnit(made(args, result), madePerCost)
}

func literalCost(l interpreter.InterpretableConstructor) int {
	n := len(l.InitVals())
	if l.Type() == types.ListType {
		return max(literalBase, n*elementSize/madePerCost)
	}
	return max(literalBase, n/2*entrySize/madePerCost)
}

func perUnit(n, unit int) int { return (n + unit - 1) / unit }

// productCost of looking for one text in another: CEL's.
func productCost(args []ref.Val) int {
	cost := 1
	for _, a := range args {
		cost *= 1 + textSize(a)/readPerCost
	}
	return cost
}

// read is how much of its arguments a call may look at.
func read(function string, args []ref.Val) int {
	n := 0
	for _, a := range args {
		n += textSize(a)
		if list, ok := a.(traits.Lister); ok && walks(function) {
			n += elements(list)
		}
	}
	return n
}

// walks tells whether a function looks at the elements of a list. `+` is charged
// for the list that it makes.
func walks(function string) bool {
	switch function {
	case overloads.Size, overloads.TypeConvertDyn, overloads.TypeConvertType, operators.Add:
		return false
	}
	return true
}

// made is the size of what a call has made; nothing when it yields one of its
// arguments.
func made(args []ref.Val, result ref.Val) int {
	switch result := result.(type) {
	case types.String:
		for _, a := range args {
			if s, ok := held(a).(types.String); ok && s == result {
				return 0
			}
		}
		return len(result)
	case types.Bytes:
		return len(result)
	case traits.Lister:
		for _, a := range args {
			if list, ok := held(a).(traits.Lister); ok && list == result {
				return 0
			}
		}
		return elements(result) * elementSize
	}
	return 0
}

// held is the value of an optional one.
func held(v ref.Val) ref.Val {
	if optional, ok := v.(*types.Optional); ok && optional.HasValue() {
		return optional.GetValue()
	}
	return v
}

// textSize in bytes; 0 of what is no text. CEL counts characters, which takes as
// long as reading them.
func textSize(v ref.Val) int {
	switch v := v.(type) {
	case types.String:
		return len(v)
	case types.Bytes:
		return len(v)
	}
	return 0
}

func elements(list traits.Lister) int {
	n, _ := list.Size().(types.Int)
	return int(n)
}
