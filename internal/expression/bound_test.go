package expression

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
)

// evalWith evaluates with CEL's sets and maths, as policies do.
func evalWith(t *testing.T, expression string, body any) (ref.Val, error) {
	t.Helper()
	env, err := cel.NewEnv(cel.OptionalTypes(), ext.Sets(), ext.Math(), cel.Variable("body", cel.DynType))
	if err != nil {
		t.Fatal(err)
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := Program(env, ast)
	if err != nil {
		return nil, err
	}
	return Eval(t.Context(), program, map[string]any{"body": body})
}

func TestBoundedStepsMeanWhatTheyMeanInCEL(t *testing.T) {
	body := map[string]any{"a": []int{1, 2}, "s": "ab", "n": 2, "d": 1.5, "none": []int{}}
	for expression, want := range map[string]any{
		`body.s + "c" == "abc"`:     true,
		`b"a" + b"b" == b"ab"`:      true,
		`body.a + [3] == [1, 2, 3]`: true,
		`body.none + body.a == body.a && body.a + body.none == body.a`: true,
		`(body.a + body.a)[3]`: int64(2),
		`body.n + 1`:           int64(3),
		`body.d + 1.5`:         3.0,
		`dyn(1u) + 2u == 3u`:   true,
		`duration("1h") + duration("1m") == duration("61m")`:                                      true,
		`timestamp("2025-01-01T00:00:00Z") + duration("1h") == timestamp("2025-01-01T01:00:00Z")`: true,
		`duration("1h") + timestamp("2025-01-01T00:00:00Z") == timestamp("2025-01-01T01:00:00Z")`: true,
		`body.a.map(x, x * 2).filter(x, x > 2) == [4]`:                                            true,
		`body.a.exists_one(x, x == 2) && body.a.exists(x, x == 1)`:                                true,
		`-body.n < 0 && !(body.n == 1) && body.n % 2 == 0`:                                        true,
		`body.n == 2 ? "yes" : "no"`:                                                              "yes",
		`1 / 0 == 1 || true`:                                                                      true,
		`[0, 1].all(x, 1 / x == 1)`:                                                               nil,
		`[1, 0].exists(x, 1 / x == 1)`:                                                            true,
		`size(body.s) + body.a.size()`:                                                            int64(4),
		`body.s.startsWith("a") && body.s.contains("b") && "x" + body.s > "x"`:                    true,
		`sets.contains(body.a, [1]) && !sets.contains([1], body.a)`:                               true,
		`sets.contains(body.a, []) && sets.equivalent([1, 2, 1], body.a)`:                         true,
		`!sets.equivalent([1, 3], body.a)`:                                                        true,
		`sets.intersects(body.a, [2, 9]) && !sets.intersects(body.a, [9])`:                        true,
		`math.greatest(body.a)`:                                                                   int64(2),
		`math.least(body.n, 1)`:                                                                   int64(1),
		`body.s.matches("^a.$") && matches(body.s, body.s)`:                                       true,
		`optional.of(1).or(optional.none()).value()`:                                              int64(1),
		`optional.unwrap([optional.of(1), optional.none()]) == [1]`:                               true,
		`[optional.of(1)].unwrapOpt() == [1]`:                                                     true,
		`{"a": {"b": [body.n]}}.a.b[0]`:                                                           int64(2),
		`timestamp("2025-01-01T00:00:00Z").getHours("Asia/Tokyo")`:                                int64(9),
		`body.s + 1`:                      nil,
		`1 + body.s`:                      nil,
		`body.a + 1`:                      nil,
		`body - 1`:                        nil,
		`body.n.matches("a")`:             nil,
		`body.s.matches(body.n)`:          nil,
		`sets.contains(body.n, [1])`:      nil,
		`optional.unwrap([body.n]) == []`: nil,
		`size(body.n)`:                    nil,
	} {
		got, err := evalWith(t, expression, body)
		switch {
		case want == nil && err == nil:
			t.Errorf("%s: %v, want an error", expression, got)
		case want != nil && (err != nil || got.Value() != want):
			t.Errorf("%s: %v, %v; want %v", expression, got, err, want)
		}
	}
}

// Without bounds these take gigabytes, or hours in a single step. What is not
// bounded is ended by the test's own deadline.
func TestNoStepIsLong(t *testing.T) {
	doubled := strings.Repeat(`.map(a, a + a)`, 40)
	tree := `[1]` + strings.Repeat(`.map(a, [a, a])`, 40)
	texts := `body.n.map(x, body.s)`
	for reason, expression := range map[string]string{
		"text that doubles":             `[body.s]` + doubled + `.size() > 0`,
		"text of a known type":          `["abcdefgh"]` + doubled + `.size() > 0`,
		"bytes that double":             `[b"abcdefgh"]` + doubled + `.size() > 0`,
		"a list that doubles":           `[[1]]` + doubled + `.size() > 0`,
		"a list of a known type":        `[body.n]` + doubled + `.size() > 0`,
		"sets of what doubles":          `sets.contains(` + tree + `, ` + tree + `)`,
		"sets of many":                  `sets.intersects(body.n, body.n.map(x, x + 1))`,
		"sets that are the same":        `sets.equivalent(body.n, body.n)`,
		"many texts that are the same":  texts + ` == ` + texts,
		"many texts in a list":          `dyn("x") in dyn([` + texts + `])`,
		"optional values unwrapped":     `optional.unwrap(dyn(` + tree + `)).size() > 0`,
		"a pattern of many steps":       `"a".matches("` + strings.Repeat(".{1000}", 200) + `")`,
		"a pattern that is made":        `"a".matches("x{" + string(body.n.size() - 19001) + "}" + "y{999}z{999}v{999}w{999}u{999}")`,
		"a slow pattern on a long text": `body.s.matches("(a|b|ab){0,20}y")`,
		"patterns that are made":        `body.n.all(x, "a".matches("[a-z]{0,500}" + string(x)) || true)`,
		"literals in a loop":            `body.n.map(x, [` + strings.Repeat("0,", 2000) + `x]).size() > 0`,
	} {
		t.Run(reason, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := evalWith(t, expression, map[string]any{"n": make([]int, 20_000), "s": strings.Repeat("ab", 1<<15)})
			runtime.ReadMemStats(&after)
			if made := after.TotalAlloc - before.TotalAlloc; err == nil || made > 128<<20 { // the race detector's share is in it
				t.Errorf("%v, %v, %d MB", got, err, made>>20)
			}
		})
	}
}

// Time is looked at in each step, not in loops alone.
func TestAnEvaluationEndsWithItsTime(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, expression := range []string{`size(body) > 0`, `body == "a"`, `body.x`, `[1]`, `{"a": 1}`, `body == "a" || true`} {
		if got, err := eval(ended, t, expression, map[string]any{"body": "a"}); !errors.Is(err, ErrInterrupted) {
			t.Errorf("%s: %v, %v", expression, got, err)
		}
	}
}

// An idle machine reaches the cost limit long before the time is over: an
// expression that will never do is not told apart from a busy machine by chance.
func TestTheCostLimitEndsAnEvaluationWhateverItDoes(t *testing.T) {
	for _, expression := range []string{
		`body.n.all(x, body.n.all(y, true))`, `body.n.filter(x, body.n.filter(y, true) != []) == []`,
		`body.n.map(x, body.n).size() > 0 && body.n.map(x, {"a": x}).size() > 0`,
		`body.n.all(x, body.s + "b" != "")`, `body.n.all(x, size(body.s) > 0)`, `body.n.all(x, body.s.contains(""))`,
		`body.n.all(x, int(body.s) == 1 || true)`, `body.n.all(x, body.n == body.n)`,
		`body.n.all(x, timestamp("2025-01-01T00:00:00Z").getHours("Asia/Tokyo") == 9)`,
	} {
		_, err := eval(t.Context(), t, expression, map[string]any{"body": map[string]any{"n": make([]int, 20_000), "s": strings.Repeat("a", 60_000)}})
		if !errors.Is(err, ErrTooCostly) && !errors.Is(err, ErrInterrupted) { // a slow machine
			t.Errorf("%s: %v", expression, err)
		}
	}
}

// A key is found without a walk through all that the map holds.
func TestAKeyInALargeMapCostsLittle(t *testing.T) {
	body := map[string]any{"n": make([]int, 70_000), "few": []int{1, 2}}
	got, err := eval(t.Context(), t, `["n", "few"].all(k, k in body) && !("no" in body)`, map[string]any{"body": body})
	if err != nil || got.Value() != true {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPatternsAreBounded(t *testing.T) {
	for pattern, ok := range map[string]bool{
		`^[A-Z0-9]{10}$`:                      true,
		`^[\p{L}\p{M} '-]{1,100}$`:            true,
		`^(?i)(sku|item)[-_][0-9]{1,9}(x|y)?`: true,
		strings.Repeat("a", 4000):             true,
		strings.Repeat("a", 5000):             false,
		`.{1000}`:                             true,
		`.{1000}.{1000}.{1000}.{1000}.{1000}`: false,
		`(.{50}){50}`:                         false,
		`(`:                                   false,
		`a{1001}`:                             false,
	} {
		if _, err := CompilePattern(pattern); (err == nil) != ok {
			t.Errorf("%.40s: %v", pattern, err)
		}
	}
}
