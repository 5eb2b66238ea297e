package mapping

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// toEnd stands for the index behind a text's last character.
const toEnd = math.MaxInt64

var (
	errRange = errors.New("substring: index is out of range")
	errJoin  = errors.New("join: list must hold strings")
)

func lowerASCII(s string) string { return strings.Map(lowerRune, s) }
func upperASCII(s string) string { return strings.Map(upperRune, s) }

func lowerRune(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func upperRune(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - ('a' - 'A')
	}
	return r
}

// indexOf counts characters, as substring does; -1 when part is not in s.
func indexOf(s, part string) int64 { return characters(s, strings.Index(s, part)) }

func lastIndexOf(s, part string) int64 { return characters(s, strings.LastIndex(s, part)) }

func characters(s string, bytes int) int64 {
	if bytes < 0 {
		return -1
	}
	return int64(utf8.RuneCountInString(s[:bytes]))
}

// substring of the characters from one index to before another, or to the end.
func substring(s string, from, to int64) (string, error) {
	runes := []rune(s)
	if to == toEnd {
		to = int64(len(runes))
	}
	if from < 0 || to < from || to > int64(len(runes)) {
		return "", errRange
	}
	return string(runes[from:to]), nil
}

// replace knows the length of its result before it makes it.
func replace(s, old, by string) (string, error) {
	if len(s)+strings.Count(s, old)*(len(by)-len(old)) > expression.MaxText {
		return "", expression.ErrTextTooLong
	}
	return strings.ReplaceAll(s, old, by), nil
}

// join takes a list that holds as many as one may: neither a body nor an
// expression makes a longer one.
func join(list traits.Lister, separator string) (string, error) {
	var b strings.Builder
	for i, it := 0, list.Iterator(); it.HasNext() == types.True; i++ {
		part, ok := it.Next().(types.String)
		if !ok {
			return "", errJoin
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(string(part))
		if b.Len() > expression.MaxText {
			return "", expression.ErrTextTooLong
		}
	}
	return b.String(), nil
}

func split(s, separator string) ref.Val {
	return types.NewStringList(types.DefaultTypeAdapter, strings.Split(s, separator))
}
