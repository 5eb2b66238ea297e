package expression

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"
)

func eval(ctx context.Context, t *testing.T, expression string, variables map[string]any) (ref.Val, error) {
	t.Helper()
	env, err := cel.NewEnv(cel.OptionalTypes(), cel.Variable("body", cel.DynType))
	if err != nil {
		t.Fatal(err)
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := Program(env, ast)
	if err != nil {
		t.Fatal(err)
	}
	return Eval(ctx, program, variables)
}

func TestComparisonsMeanWhatTheyMeanInCEL(t *testing.T) {
	for expression, want := range map[string]bool{
		`dyn(1) == 1.0`:                    true,
		`body.a == body.b`:                 false,
		`body.a != body.b`:                 true,
		`body.a == [1, 2, 3]`:              true,
		`body.a == "x"`:                    false,
		`{"k": body.a} == {"k": [1,2,3]}`:  true,
		`2 in body.a`:                      true,
		`"x" in body.a`:                    false,
		`"a" in body`:                      true,
		`[1] in [[1], [2]]`:                true,
		`optional.of(1) == optional.of(1)`: true,
		`null == null`:                     true,
	} {
		got, err := eval(t.Context(), t, expression, map[string]any{"body": map[string]any{"a": []int{1, 2, 3}, "b": []int{1, 2}}})
		if err != nil || got.Value() != want {
			t.Errorf("%s: %v, %v; want %t", expression, got, err, want)
		}
	}
}

func TestComparisonsOfNothingLikeAListAreErrors(t *testing.T) {
	if got, err := eval(t.Context(), t, `1 in body`, map[string]any{"body": 5}); err == nil {
		t.Errorf("%v, want an error", got)
	}
}

// A value that holds itself twice, forty times over, takes hours to compare: one
// that is not bounded is ended by the test's own deadline.
func TestNoComparisonRunsForEver(t *testing.T) {
	lists := `[1]` + strings.Repeat(`.map(a, [a, a])`, 40)
	maps := `[1]` + strings.Repeat(`.map(a, {"x": a, "y": a})`, 40)
	for reason, expression := range map[string]string{
		"lists":                    lists + `.map(a, a == a)`,
		"lists, unequal":           lists + `.map(a, a != a)`,
		"lists in a list":          lists + `.map(a, a in [a])`,
		"a short one in a long":    lists + `.map(a, dyn(1) in a)`,
		"maps":                     maps + `.map(a, a == a)`,
		"optional values":          lists + `.map(a, optional.of(a) == optional.of(a))`,
		"many that pass by itself": `[1,2,3,4,5,6,7,8,9,0].all(a, [1,2,3,4,5,6,7,8,9,0].all(b, body == body))`,
	} {
		t.Run(reason, func(t *testing.T) {
			got, err := eval(context.Background(), t, expression, map[string]any{"body": make([]int, 30_000)})
			if err == nil {
				t.Errorf("%v, want an error", got)
			}
		})
	}
}

func TestEvalTellsWhyItStopped(t *testing.T) {
	long := `body.all(a, body.all(b, body.all(c, a + b + c >= 0)))`
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for reason, tc := range map[string]struct {
		ctx  context.Context
		size int
		want error
	}{
		"the context had ended": {ended, 200, ErrInterrupted},
		"it costs too much":     {t.Context(), 101, ErrTooCostly},
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := eval(tc.ctx, t, long, map[string]any{"body": make([]int, tc.size)})
			// A slow machine reaches the time limit before the cost limit.
			if !errors.Is(err, tc.want) && (tc.want != ErrTooCostly || !errors.Is(err, context.DeadlineExceeded)) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
		})
	}
}

func TestAnErrorOfTheExpressionIsItsOwn(t *testing.T) {
	_, err := eval(t.Context(), t, `body[7]`, map[string]any{"body": []int{1}})
	if err == nil || errors.Is(err, ErrInterrupted) || errors.Is(err, ErrTooCostly) {
		t.Errorf("error %v", err)
	}
}
