package mapping

import (
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// CEL has checked the arguments' number and types before it calls one of these.

func celTrim(args []ref.Val) ref.Val  { return types.String(strings.TrimSpace(text(args[0]))) }
func celLower(args []ref.Val) ref.Val { return types.String(lowerASCII(text(args[0]))) }
func celUpper(args []ref.Val) ref.Val { return types.String(upperASCII(text(args[0]))) }
func celSplit(args []ref.Val) ref.Val { return split(text(args[0]), text(args[1])) }

func celIndexOf(args []ref.Val) ref.Val {
	return types.Int(indexOf(text(args[0]), text(args[1])))
}

func celLastIndexOf(args []ref.Val) ref.Val {
	return types.Int(lastIndexOf(text(args[0]), text(args[1])))
}

func celSubstring(args []ref.Val) ref.Val {
	to := int64(toEnd)
	if len(args) == 3 {
		to = whole(args[2])
	}
	return textOrError(substring(text(args[0]), whole(args[1]), to))
}

func celReplace(args []ref.Val) ref.Val {
	return textOrError(replace(text(args[0]), text(args[1]), text(args[2])))
}

func celJoin(args []ref.Val) ref.Val {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	return textOrError(join(list, text(args[1])))
}

func celMinorUnits(args []ref.Val) ref.Val {
	var minor int64
	var err error
	switch amount := args[0].(type) {
	case types.String:
		minor, err = minorUnits(string(amount), text(args[1]))
	case types.Int:
		minor, err = minorUnits(strconv.FormatInt(int64(amount), 10), text(args[1]))
	case types.Double:
		minor, err = minorUnitsOfNumber(float64(amount), text(args[1]))
	case exact:
		minor, err = minorUnits(string(amount), text(args[1]))
	default:
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(minor)
}

func text(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}

func whole(v ref.Val) int64 {
	i, _ := v.(types.Int)
	return int64(i)
}

func textOrError(s string, err error) ref.Val {
	if err != nil {
		return types.WrapErr(err)
	}
	return types.String(s)
}
