package mapping

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// function is one overload of what expressions may call beside CEL's own. Those
// on texts are named and mean as in CEL's strings extension.
type function struct {
	name, id string
	member   bool
	takes    []*cel.Type
	yields   *cel.Type
	do       func(args []ref.Val) ref.Val
}

func functions() []function {
	s, i := cel.StringType, cel.IntType
	method := func(name, id string, yields *cel.Type, do func([]ref.Val) ref.Val, takes ...*cel.Type) function {
		return function{name: name, id: "zma_" + id, member: true, takes: takes, yields: yields, do: do}
	}
	amount := func(id string, of *cel.Type, do func([]ref.Val) ref.Val) function {
		return function{name: "minorUnits", id: "zma_minor_units_" + id, takes: []*cel.Type{of, s}, yields: i, do: do}
	}
	return []function{
		method("trim", "trim", s, celTrim, s),
		method("lowerAscii", "lower_ascii", s, celLower, s),
		method("upperAscii", "upper_ascii", s, celUpper, s),
		method("substring", "substring", s, celSubstring, s, i),
		method("substring", "substring_range", s, celSubstring, s, i, i),
		method("indexOf", "index_of", i, celIndexOf, s, s),
		method("lastIndexOf", "last_index_of", i, celLastIndexOf, s, s),
		method("replace", "replace", s, celReplace, s, s, s),
		method("split", "split", cel.ListType(s), celSplit, s, s),
		method("join", "join", s, celJoin, cel.ListType(s), s),
		amount("string", s, celMinorUnits),
		amount("int", i, celMinorUnits),
		amount("double", cel.DoubleType, celMinorUnits),
		amount("exact", cel.OpaqueType(exactName), celMinorUnits),
	}
}

func (f function) declare() cel.EnvOption {
	overload := cel.Overload
	if f.member {
		overload = cel.MemberOverload
	}
	return cel.Function(f.name, overload(f.id, f.takes, f.yields, f.binding()))
}

func (f function) binding() cel.OverloadOpt {
	do := func(args ...ref.Val) ref.Val {
		if longText(args) {
			return types.WrapErr(expression.ErrTextTooLong)
		}
		return f.do(args)
	}
	switch len(f.takes) {
	case 1:
		return cel.UnaryBinding(func(a ref.Val) ref.Val { return do(a) })
	case 2:
		return cel.BinaryBinding(func(a, b ref.Val) ref.Val { return do(a, b) })
	}
	return cel.FunctionBinding(do)
}

func longText(args []ref.Val) bool {
	for _, a := range args {
		if s, ok := a.(types.String); ok && len(s) > expression.MaxText {
			return true
		}
	}
	return false
}
