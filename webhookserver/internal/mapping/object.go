package mapping

import (
	"cmp"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// object is a map that is walked in the order of its keys. CEL's own maps are
// walked in random order, and the same body must make the same order each time
// it is delivered.
type object struct {
	traits.Mapper
	keys []ref.Val
}

func newObject(members map[string]any) *object {
	return &object{Mapper: types.NewStringInterfaceMap(types.DefaultTypeAdapter, members)}
}

// Iterator implements traits.Iterable.
func (o *object) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, o.sorted()).Iterator()
}

// IsZeroValue implements traits.Zeroer.
func (o *object) IsZeroValue() bool { return o.Size() == types.IntZero }

// sorted keys, kept: an expression may walk the same object many times.
func (o *object) sorted() []ref.Val {
	if o.keys != nil {
		return o.keys
	}
	o.keys = []ref.Val{}
	for it := o.Mapper.Iterator(); it.HasNext() == types.True; {
		o.keys = append(o.keys, it.Next())
	}
	slices.SortFunc(o.keys, compareKeys)
	return o.keys
}

func compareKeys(a, b ref.Val) int {
	if c := cmp.Compare(a.Type().TypeName(), b.Type().TypeName()); c != 0 {
		return c
	}
	if comparer, ok := a.(traits.Comparer); ok {
		if c, ok := comparer.Compare(b).(types.Int); ok {
			return int(c)
		}
	}
	return 0
}

// orderMaps gives the maps that an expression writes down the same order.
func orderMaps(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	c, ok := i.(interpreter.InterpretableConstructor)
	if !ok || c.Type() != types.MapType {
		return i, nil
	}
	return orderedConstructor{c}, nil
}

type orderedConstructor struct {
	interpreter.InterpretableConstructor
}

// Exec implements interpreter.InterpretableV2.
func (c orderedConstructor) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	return ordered(c.InterpretableConstructor.Exec(frame))
}

// Eval implements interpreter.Interpretable.
func (c orderedConstructor) Eval(vars interpreter.Activation) ref.Val {
	return ordered(c.InterpretableConstructor.Eval(vars))
}

func ordered(v ref.Val) ref.Val {
	if m, ok := v.(traits.Mapper); ok {
		return &object{Mapper: m}
	}
	return v
}
