package expression

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

const (
	// maxPattern is how many steps a pattern may have: its characters, each as many
	// times as it is repeated. `.{1000}` a thousand times would take 300 MB.
	maxPattern = 4096
	// maxMatched is how many steps, with each byte of a text, a match may take.
	maxMatched = 1 << 20
)

var (
	errPattern = fmt.Errorf("pattern has more than %d steps, each counted as often as it is repeated", maxPattern)
	errMatched = errors.New("text is too long for its pattern")
)

// Pattern is a compiled one that takes bounded time and memory.
type Pattern struct {
	re    *regexp.Regexp
	steps int
}

// CompilePattern compiles a pattern for `matches`, unless it is too large.
func CompilePattern(pattern string) (*Pattern, error) {
	if len(pattern) > maxPattern {
		return nil, errPattern
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err // says what it is
	}
	p := &Pattern{steps: steps(parsed)}
	if p.steps > maxPattern {
		return nil, errPattern
	}
	if p.re, err = regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("compile pattern: %w", err)
	}
	return p, nil
}

func steps(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n += len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return n
}

func (p *Pattern) match(v ref.Val) ref.Val {
	s, ok := v.(types.String)
	switch {
	case !ok:
		return types.MaybeNoSuchOverloadErr(v)
	case len(s) > MaxText:
		return types.WrapErr(ErrTextTooLong)
	case len(s)*p.steps > maxMatched:
		return types.WrapErr(errMatched)
	}
	return types.Bool(p.re.MatchString(string(s)))
}

// match plans a call of `matches`: it compiles a pattern that is written out once,
// others at each call.
func (c *call) match() error {
	if constant, ok := c.args[1].(interpreter.InterpretableConst); ok {
		p, err := CompilePattern(text(constant.Value()))
		c.do = func(args ...ref.Val) ref.Val { return p.match(args[0]) }
		return err
	}
	c.more = patternCost
	c.do = func(args ...ref.Val) ref.Val {
		if _, ok := args[1].(types.String); !ok {
			return types.MaybeNoSuchOverloadErr(args[1])
		}
		p, err := CompilePattern(text(args[1]))
		if err != nil {
			return types.WrapErr(err)
		}
		return p.match(args[0])
	}
	return nil
}

func text(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}
