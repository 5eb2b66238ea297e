package expression

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

const (
	// MaxText is the longest text, in bytes, that `+`, a function or `matches` takes
	// or makes.
	MaxText = 1 << 16
	// MaxElements of a list that an expression makes.
	MaxElements = 1 << 16
)

// ErrTextTooLong means that a text is longer than MaxText.
var ErrTextTooLong = fmt.Errorf("text is longer than %d bytes", MaxText)

// bound gives each step of a program what CEL's own lack: each is small by itself,
// is charged for what it read and made, and looks at the clock.
func bound(env *cel.Env) interpreter.InterpretableDecoratorV2 {
	return func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		switch node := i.(type) {
		case interpreter.InterpretableAttribute:
			return attribute{node}, nil
		case interpreter.InterpretableCall:
			return boundCall(env, node)
		case interpreter.InterpretableConstructor:
			return literal{node, literalCost(node)}, nil
		}
		return i, nil
	}
}

func boundCall(env *cel.Env, planned interpreter.InterpretableCall) (interpreter.InterpretableV2, error) {
	c := &call{InterpretableCall: planned, args: planned.Args()}
	if planned.Function() == overloads.Matches && len(c.args) == 2 {
		return c, c.match()
	}
	if c.do = replacement(planned.Function(), len(c.args)); c.do != nil {
		return c, nil
	}
	o, err := binding(env, planned)
	if err != nil {
		return nil, err
	}
	if o != nil {
		if do := invoke(o, len(c.args)); do != nil {
			c.do, c.takesErrors = guarded(o, do), o.NonStrict
			return c, nil
		}
	}
	return nil, fmt.Errorf("no such function: %s", planned.Function())
}

// replacement of a function that CEL runs in one step, however long that is.
func replacement(function string, args int) func(...ref.Val) ref.Val {
	switch {
	case args == 1 && unwraps(function):
		return func(args ...ref.Val) ref.Val { return unwrap(args[0]) }
	case args != 2:
		return nil
	case function == operators.Add:
		return func(args ...ref.Val) ref.Val { return add(args[0], args[1]) }
	}
	if compare := comparison(function); compare != nil {
		return compared(function, compare)
	}
	return comparedSets(function)
}

// add is `+` with a bound on what it makes. CEL's own joins lists in no time and
// memory, and a list of a billion elements takes long with all that follows.
func add(a, b ref.Val) ref.Val {
	switch a := a.(type) {
	case types.String, types.Bytes:
		if textSize(a)+textSize(b) > MaxText {
			return types.WrapErr(ErrTextTooLong)
		}
	case traits.Lister:
		if b, ok := b.(traits.Lister); ok {
			return addLists(a, b)
		}
	}
	if adder, ok := a.(traits.Adder); ok {
		return adder.Add(b)
	}
	return types.MaybeNoSuchOverloadErr(a)
}

func addLists(a, b traits.Lister) ref.Val {
	sizeA, sizeB := elements(a), elements(b)
	if sizeA > MaxElements || sizeB > MaxElements-sizeA {
		return types.NewErr("list is longer than %d elements", MaxElements)
	}
	if _, mutable := a.(traits.MutableLister); mutable { // what a macro gathers
		return a.Add(b)
	}
	switch {
	case sizeA == 0:
		return b
	case sizeB == 0:
		return a
	}
	all := make([]ref.Val, 0, sizeA+sizeB)
	for _, list := range []traits.Lister{a, b} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			all = append(all, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, all)
}

func unwraps(function string) bool {
	return function == "optional.unwrap" || function == "unwrapOpt"
}

// unwrap is CEL's, but for its error, which writes out the value.
func unwrap(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	var held []ref.Val
	for it := list.Iterator(); it.HasNext() == types.True; {
		optional, ok := it.Next().(*types.Optional)
		if !ok {
			return types.NewErr("unwrap: list must hold optional values")
		}
		if optional.HasValue() {
			held = append(held, optional.GetValue())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, held)
}
