package mapping

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// value of an expression over a body.
func value(t *testing.T, text, body string) (ref.Val, error) {
	t.Helper()
	env, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	c, err := compile(env, "test", text, yield{"anything", func(*cel.Type) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	in, err := inspect([]byte(body), mappedDepth, true)
	if err != nil {
		t.Fatal(err)
	}
	return expression.Eval(t.Context(), c.program, map[string]any{bodyVariable: in, headersVariable: map[string]string{}})
}

func TestFunctions(t *testing.T) {
	body := `{"s":" Ä b ","n":12.99,"i":12,"d":1e2,"u":"usd","f":5.0,"neg":-0.5}`
	for text, want := range map[string]any{
		`minorUnits("12.99", "USD")`:                int64(1299),
		`minorUnits("12.9", "USD")`:                 int64(1290),
		`minorUnits("12", "USD")`:                   int64(1200),
		`minorUnits("0", "USD")`:                    int64(0),
		`minorUnits("0.07", "EUR")`:                 int64(7),
		`minorUnits("500", "JPY")`:                  int64(500),
		`minorUnits("1.234", "KWD")`:                int64(1234),
		`minorUnits("007.10", "USD")`:               int64(710),
		`minorUnits(body.n, "USD")`:                 int64(1299),
		`minorUnits(body.i, "USD")`:                 int64(1200),
		`minorUnits(body.f, "JPY")`:                 int64(5),
		`minorUnits(body.d, "USD")`:                 int64(10000),
		`minorUnits(19.99, "USD")`:                  int64(1999),
		`minorUnits(0.29, "USD")`:                   int64(29),
		`minorUnits(1.1, "USD")`:                    int64(110),
		`minorUnits(4503599627370.49, "USD")`:       int64(450359962737049),
		`minorUnits("92233720368547758.07", "USD")`: int64(math.MaxInt64),
		`minorUnits(body.n, body.u.upperAscii())`:   int64(1299),
		`body.s.trim()`:                             "Ä b",
		`"Äb".upperAscii()`:                         "ÄB",
		`"ÄB".lowerAscii()`:                         "Äb",
		`"Ada King Lovelace".split(" ")[0]`:         "Ada",
		`"".split(",").size()`:                      int64(1),
		`"a,b".split(",").join("-")`:                "a-b",
		`["", "a"].join(",")`:                       ",a",
		`"äbc".indexOf("c")`:                        int64(2),
		`"äbcc".lastIndexOf("c")`:                   int64(3),
		`"abc".indexOf("x")`:                        int64(-1),
		`"äbc".substring(1)`:                        "bc",
		`"äbc".substring(0, 1)`:                     "ä",
		`"abc".substring(3)`:                        "",
		`"a-b-c".replace("-", "")`:                  "abc",
		`"abc".matches("^a.c$")`:                    true,
		`matches("abc", "^b")`:                      false,
		`body.?x.?y.orValue("z")`:                   "z",
		`has(body.x)`:                               false,
		`string(timestamp(1757680000))`:             "2025-09-12T12:26:40Z",
		`cel.bind(a, body.i, a + a)`:                int64(24),
	} {
		got, err := value(t, text, body)
		if err != nil || got.Value() != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestFunctionsRefuse(t *testing.T) {
	body := `{"neg":-1,"nil":null,"l":["a",1],"i":9223372036854775807,"s":"planted"}`
	for text, want := range map[string]string{
		`minorUnits("12.999", "USD")`:               "more than the 2 decimals",
		`minorUnits("12.990", "USD")`:               "more than the 2 decimals",
		`minorUnits("1.000", "EUR")`:                "more than the 2 decimals",
		`minorUnits("500.0", "JPY")`:                "more than the 0 decimals",
		`minorUnits(12.999, "USD")`:                 "more than the 2 decimals",
		`minorUnits(0.1 + 0.2, "USD")`:              "more than the 2 decimals",
		`minorUnits("-1", "USD")`:                   "must be digits",
		`minorUnits("+1", "USD")`:                   "must be digits",
		`minorUnits(body.neg, "USD")`:               "must be digits",
		`minorUnits(-0.5, "USD")`:                   "must be digits",
		`minorUnits("", "USD")`:                     "must be digits",
		`minorUnits(".5", "USD")`:                   "must be digits",
		`minorUnits("5.", "USD")`:                   "must be digits",
		`minorUnits("1.2.3", "USD")`:                "must be digits",
		`minorUnits("1,299.00", "USD")`:             "must be digits",
		`minorUnits("12,99", "EUR")`:                "must be digits",
		`minorUnits(" 1", "USD")`:                   "must be digits",
		`minorUnits("1e3", "USD")`:                  "must be digits",
		`minorUnits("0x10", "USD")`:                 "must be digits",
		`minorUnits("١٢", "USD")`:                   "must be digits",
		`minorUnits("$5", "USD")`:                   "must be digits",
		`minorUnits(1.0 / 0.0, "USD")`:              "must be digits",
		`minorUnits(body.s, "USD")`:                 "must be digits",
		`minorUnits("92233720368547758.08", "USD")`: "too large",
		`minorUnits(body.i, "USD")`:                 "too large",
		`minorUnits(1e300, "USD")`:                  "too large",
		`minorUnits(9007199254740993.0, "USD")`:     "not exact",
		`minorUnits("1", "usd")`:                    "ISO 4217",
		`minorUnits("1", "")`:                       "ISO 4217",
		`minorUnits("1", "XXX")`:                    "ISO 4217",
		`minorUnits("1", body.s)`:                   "ISO 4217",
		`minorUnits(body.nil, "USD")`:               "no such overload",
		`minorUnits(body.l, "USD")`:                 "no such overload",
		`minorUnits("1", body.nil)`:                 "no such overload",
		`"abc".substring(4)`:                        "out of range",
		`"abc".substring(-1)`:                       "out of range",
		`"abc".substring(2, 1)`:                     "out of range",
		`"abc".substring(0, 4)`:                     "out of range",
		`body.l.join(",")`:                          "must hold strings",
		`body.nil.trim()`:                           "no such overload",
		`body.neg.matches("a")`:                     "no such overload",
	} {
		got, err := value(t, text, body)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v, %v; want %q", text, got, err, want)
		}
	}
}

// Each function is cheap by itself, whatever the sender makes the text.
func TestFunctionsBoundTheirTexts(t *testing.T) {
	long := `{"s":"` + strings.Repeat("a", expression.MaxText+1) + `","t":"` + strings.Repeat("a", expression.MaxText) + `"}`
	for _, text := range []string{
		`body.s.trim()`, `body.s.split("")`, `body.s.lowerAscii()`, `body.s.indexOf("b")`, `"a".indexOf(body.s)`, `body.s.substring(1)`,
		`body.s.replace("a", "")`, `body.s.matches("a+b")`, `body.t.replace("a", "aa")`, `body.t.replace("", body.t)`,
		`[body.t, body.t].join("")`, `["a", "b"].join(body.s)`, `minorUnits(body.s, "USD")`,
	} {
		if got, err := value(t, text, long); err == nil || !strings.Contains(err.Error(), expression.ErrTextTooLong.Error()) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`body.t.trim()`, `body.t.split("").size()`, `body.t.replace("a", "b")`, `body.t.matches("a+b")`} {
		if _, err := value(t, text, long); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Calls are charged by what they read and make.
func TestFunctionsCost(t *testing.T) {
	body := `{"t":"` + strings.Repeat("a", expression.MaxText) + `","n":[` + strings.TrimSuffix(strings.Repeat("1,", 500), ",") + `]}`
	for _, text := range []string{
		`body.n.map(n, body.t.trim())`, `body.n.map(n, body.t.split("a"))`, `body.n.map(n, body.t.replace("b", "c"))`,
		`body.n.map(n, body.t.upperAscii())`, `body.n.map(n, body.t.substring(1))`, `body.n.all(n, body.t.indexOf("b") < 0)`,
	} {
		_, err := value(t, text, body)
		if !errors.Is(err, expression.ErrTooCostly) && !errors.Is(err, expression.ErrInterrupted) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
