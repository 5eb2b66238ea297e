package mapping

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestCompileNamesThePlaceOfAnError(t *testing.T) {
	cases := map[string]struct{ filter, id, order, want string }{
		"a variable that does not exist": {"", plainID, "{\n  \"items\": [],\n  \"total\": bdy.total\n}",
			`mapping.order:3:12: undeclared reference to 'bdy'`},
		"the first of two errors":        {"", plainID, "[{\"a\": bdx},\n{\"a\": bdy}]", `mapping.order:1:8: undeclared reference to 'bdx'`},
		"a function that does not exist": {"", `body.no.shout()`, plainOrder, `mapping.externalID:1:14: undeclared reference to 'shout'`},
		"a filter of another type":       {`"paid"`, plainID, plainOrder, `eventFilter:1:1: must yield true or false, not string`},
		"a filter that may be there":     {`body.?paid`, plainID, plainOrder, `eventFilter:1:1: must yield true or false, not optional_type(dyn)`},
		"an ID of another type":          {"", `1`, plainOrder, `mapping.externalID:1:1: must yield a string or a list of strings, not int`},
		"IDs of another type":            {"", `[1]`, plainOrder, `mapping.externalID:1:1: must yield a string or a list of strings, not list(int)`},
		"an order of another type":       {"", plainID, `"x"`, `mapping.order:1:1: must yield an object or a list of objects, not string`},
		"orders of another type":         {"", plainID, `[[{}]]`, `mapping.order:1:1: must yield an object or a list of objects, not list(list(map(dyn, dyn)))`},
		"a pattern from the body":        {`"x".matches(body.pattern)`, plainID, plainOrder, `eventFilter:1:12: the pattern of matches must be written out`},
		"a pattern that is none":         {"true &&\n body.no.matches('(')", plainID, plainOrder, "eventFilter:2:17: error parsing regexp: missing closing ): `(`"},
		"a message of protobuf":          {"", plainID, `google.protobuf.Struct{fields: {"a": google.protobuf.Value{}}}`, `mapping.order:1:23: messages can't be made; use a map`},
		"a clock":                        {`now() > timestamp("2030-01-01T00:00:00Z")`, plainID, plainOrder, `eventFilter:1:4: undeclared reference to 'now'`},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			m, err := Compile(mapped(tc.filter, tc.id, tc.order))
			var wrong *CompileError
			if !errors.As(err, &wrong) {
				t.Fatalf("mapper %v, error %v; want a CompileError", m, err)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompileNamesThePlaceOfASyntaxError(t *testing.T) {
	_, err := Compile(mapped("", plainID, "{\n  \"items\": 1 1\n}"))
	if err == nil || !strings.HasPrefix(err.Error(), "mapping.order:2:14: Syntax error") {
		t.Errorf("error %v", err)
	}
}

// Only what is cheap before its cost is counted is offered.
func TestNothingOfCELsExtensionsIsThatEatsMemory(t *testing.T) {
	for _, expression := range []string{
		`"%s".format([body])`, `"x".reverse()`, `strings.quote("x")`, `[[1]].flatten()`, `lists.range(1000000000)`, `[1].sort()`,
		`[1].distinct()`, `sets.contains([1], [1])`, `base64.encode(b"x")`, `math.greatest(1, 2)`, `{}.transformMap(k, v, v)`,
	} {
		if _, err := Compile(mapped("", plainID, `{"items": `+expression+`}`)); err == nil {
			t.Errorf("%s compiles", expression)
		}
	}
}

func TestASourceWithoutExpressionsNeedsNoCompiler(t *testing.T) {
	m := compiledSource(t, source())
	if m.filter != nil || m.order != nil || m.externalID != nil {
		t.Errorf("compiled %+v", m)
	}
}

func TestAMapperKeepsItsOwnCopyOfTheSource(t *testing.T) {
	src := source()
	m := compiledSource(t, src)
	src.Spec.AccountRef.Name = "other"
	orders, err := m.Orders(t.Context(), Input{Body: []byte(least)})
	if err != nil || orders[0].Spec.AccountRef.Name != "main" {
		t.Errorf("account of %v, error %v", orders, err)
	}
}

func TestCacheFollowsGenerations(t *testing.T) {
	c := NewCache(2)
	get := func(src *v1alpha1.WebhookSource) *Mapper {
		m, err := c.Get(src)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	src := mapped("true", plainID, plainOrder)
	src.UID, src.Generation = "1", 1
	first := get(src)
	if get(src) != first {
		t.Error("one generation is compiled twice")
	}
	again := src.DeepCopy()
	again.UID = "2"
	if get(again) == first {
		t.Error("a source made anew under the same name gets the old one's expressions")
	}
	src.Generation, src.Spec.EventFilter = 2, "false"
	if get(src) == first {
		t.Error("a new generation gets the old expressions")
	}
	src.Generation, src.Spec.EventFilter = 3, "bdy"
	for range 2 {
		if _, err := c.Get(src); err == nil {
			t.Error("a source that does not compile is served")
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := NewCache(2)
	for _, uid := range []string{"1", "2", "3", "4"} {
		src := source()
		src.UID = types.UID(uid)
		if _, err := c.Get(src); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.entries.Len(); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
	if _, err := c.Get(source()); err != nil || c.entries.Len() != 2 {
		t.Errorf("a source without a UID is kept, error %v", err)
	}
}
