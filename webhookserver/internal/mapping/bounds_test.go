package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// times repeats a text, with commas between.
func times(text string, n int) string {
	return strings.TrimSuffix(strings.Repeat(text+",", n), ",")
}

func TestBodiesAreBounded(t *testing.T) {
	m := compiledSource(t, mapped("", plainID, plainOrder))
	nested := func(depth int) string {
		return swapIn(t, plainBody, `"no"`, `"deep":`+strings.Repeat("[", depth-1)+strings.Repeat("]", depth-1)+`,"no"`)
	}
	cases := map[string]struct{ body, field, detail string }{
		"as deep as allowed":                              {nested(mappedDepth), "", ""},
		"one level deeper":                                {nested(mappedDepth + 1), "", "is nested deeper than 32 levels"},
		"too many values":                                 {`[` + times("0", maxValues) + `]`, "", "holds more than 65536 values"},
		"too many empty lists":                            {`[` + times("[]", maxValues) + `]`, "", "holds more than 65536 values"},
		"a whole number of 20 digits":                     {`{"a":[1,{"b":99999999999999999999}]}`, "a[1].b", "is a number beyond what 64 bits hold"},
		"a double beyond a double":                        {`{"a":1e999}`, "a", "is a number beyond what 64 bits hold"},
		"a key given twice":                               {`{"a":{"b":1,"c":2,"b":3}}`, "a.b", "is given twice"},
		"a key given twice, in one spelling as an escape": {`{"a":1,"\u0061":2}`, "a", "is given twice"},
		"a key given twice in a list":                     {`[{"a":1},{"a":1,"a":2}]`, "[1].a", "is given twice"},
		"keys that differ in case":                        {swapIn(t, plainBody, `"no"`, `"NO":1,"no"`), "", ""},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			_, err := m.Orders(t.Context(), Input{Body: []byte(tc.body)})
			if tc.detail == "" {
				if err != nil {
					t.Error(explain(err))
				}
				return
			}
			var body *BodyError
			if !errors.As(err, &body) || body.Fields[0] != (FieldError{tc.field, tc.detail}) {
				t.Errorf("error %v", explain(err))
			}
		})
	}
}

func TestManyDuplicateKeysMakeABoundedAnswer(t *testing.T) {
	_, err := compiledSource(t, source()).Orders(t.Context(), Input{Body: []byte(`{` + times(`"a":1`, 500) + `}`)})
	var body *BodyError
	if !errors.As(err, &body) || len(body.Fields) != maxFieldErrors {
		t.Errorf("error %v", err)
	}
}

// What the author of a source writes by mistake, or a sender makes of it, ends
// soon and takes little memory.
func TestEvaluationsAreBounded(t *testing.T) {
	doubled := func(n int) string { return strings.Repeat(`.map(a, a + a)`, n) }
	cases := map[string]struct{ order, body, detail string }{
		"loops in loops":                       {`{"items": body.n.map(a, body.n.map(b, body.n.map(c, a + b + c)))}`, "", ""},
		"a string that doubles":                {`{"items": ["planted"]` + doubled(60) + `}`, "", "text is longer than 65536 bytes"},
		"a list that doubles":                  {`{"items": [[1]]` + doubled(40) + `[0]}`, "", "list is longer than 65536 elements"},
		"a list that doubles beyond any size":  {`{"items": [[1]]` + doubled(70) + `[0]}`, "", ""},
		"orders that double beyond any number": {`[[{}]]` + doubled(62) + `[0]`, "", "list is longer than 65536 elements"},
		"more orders than one body makes":      {`[[{}]]` + doubled(10) + `[0]`, "", "yields more than 50"},
		"a tree that doubles":                  {`{"items": [[1]]` + strings.Repeat(`.map(a, [a, a])`, 12) + `}`, "", ""},
		"one text many times":                  {`{"items": body.n.map(a, body.s)}`, "", "yields more than 1048576 bytes"},
		"one object many times":                {`{"items": body.n.map(a, body.n)}`, "", "yields more than 1048576 bytes"},
		"a deep value":                         {`{"items": [1]` + strings.Repeat(`.map(a, [a])`, 20) + `}`, "", ""},
		"comparing what doubles":               {`{"items": [[1]]` + strings.Repeat(`.map(a, [a, a])`, 40) + `.map(a, a == a)}`, "", ""},
		"a search in a search":                 {`{"items": body.n.filter(a, body.n.exists(b, body.n.exists(c, c == 2)))}`, "", ""},
	}
	body := swapIn(t, plainBody, `"no"`, `"n":[`+times("1", 2000)+`],"s":"`+strings.Repeat("x", 10_000)+`","no"`)
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			m := compiledSource(t, mapped("", plainID, tc.order))
			// What is not bounded is ended by the test's own deadline.
			orders, err := m.Orders(t.Context(), Input{Body: []byte(body)})
			if err == nil || orders != nil {
				t.Fatalf("%d orders, error %v", len(orders), err)
			}
			// A slow machine reaches the time limit before the others.
			if tc.detail != "" && !errors.Is(err, expression.ErrInterrupted) && !strings.Contains(explain(err), tc.detail) {
				t.Error(explain(err))
			}
		})
	}
}

func TestExpressionsAreAsLongAsTheSchemaAllows(t *testing.T) {
	pad := strings.Repeat(" ", maxExpression-len(plainOrder))
	compiledSource(t, mapped("", plainID, plainOrder+pad))
	if _, err := Compile(mapped("", plainID, plainOrder+pad+" ")); err == nil {
		t.Error("a longer one compiles")
	}
}

func TestFiftyOrdersOfOneBody(t *testing.T) {
	m := compiledSource(t, mapped("", `body.map(o, o.no)`, `body.map(o, {"items": o.lines, "shippingAddress": o.to, "customer": {"id": o.by}, "total": {"currency": "USD", "amountCents": o.cents}})`))
	bodies := func(n int) []byte {
		var out []string
		for i := range n {
			out = append(out, swapIn(t, plainBody, `"A-1"`, fmt.Sprintf(`"A-%d"`, i)))
		}
		return []byte(`[` + strings.Join(out, ",") + `]`)
	}
	if orders, err := m.Orders(t.Context(), Input{Body: bodies(50)}); err != nil || len(orders) != 50 {
		t.Errorf("%d orders, error %v", len(orders), err)
	}
	if orders, err := m.Orders(t.Context(), Input{Body: bodies(51)}); err == nil {
		t.Errorf("%d orders", len(orders))
	}
}
