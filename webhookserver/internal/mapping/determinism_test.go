package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// titles are what walking an object yields, as the titles of items.
func titles(t *testing.T, expression, body string) []string {
	t.Helper()
	order := swapIn(t, plainOrder, `body.lines`, expression+`.map(k, {"productID": "B000000001", "quantity": 1, "title": string(k)})`)
	orders, err := compiledSource(t, mapped("", plainID, order)).Orders(t.Context(), Input{Body: []byte(body)})
	if err != nil {
		t.Fatal(explain(err))
	}
	var out []string
	for _, i := range orders[0].Spec.Items {
		out = append(out, i.Title)
	}
	return out
}

// Go and CEL walk maps in random order; a payload that depended on it would be
// another one each time it is delivered.
func TestObjectsAreWalkedInTheOrderOfTheirKeys(t *testing.T) {
	body := swapIn(t, plainBody, `"no"`, `"o":{"z":1,"b":2,"a":3,"m":4,"ä":5,"":6,"B":7},"no"`)
	for reason, tc := range map[string]struct {
		expression string
		want       []string
	}{
		"an object of the body":             {`body.o`, []string{"", "B", "a", "b", "m", "z", "ä"}},
		"a filtered one":                    {`body.o.filter(k, k > "a")`, []string{"b", "m", "z", "ä"}},
		"one written in the expression":     {`{"z": 1, "b": 2, "a": 3, "m": 4}`, []string{"a", "b", "m", "z"}},
		"one with an optional part":         {`{"z": 1, ?"b": body.?o, ?"a": body.?nothing}`, []string{"b", "z"}},
		"one in a list":                     {`[{"z": 1, "b": 2, "a": 3, "m": 4}][0]`, []string{"a", "b", "m", "z"}},
		"one under a name":                  {`cel.bind(x, {"z": 1, "b": 2, "a": 3, "m": 4}, x)`, []string{"a", "b", "m", "z"}},
		"one behind a condition":            {`(body.cents > 5 ? {"z": 1, "b": 2, "a": 3} : {})`, []string{"a", "b", "z"}},
		"numbers by size, not by spelling":  {`{10: 1, 9: 2, 100: 3}`, []string{"9", "10", "100"}},
		"keys of several types, each apart": {`{"b": 1, 2: 1, "a": 1, 1: 1, true: 1}`, []string{"true", "1", "2", "a", "b"}},
	} {
		t.Run(reason, func(t *testing.T) {
			for range 50 {
				if diff := cmp.Diff(tc.want, titles(t, tc.expression, body)); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
}

func TestADeliveryThatIsRepeatedMakesTheSamePayload(t *testing.T) {
	order := swapIn(t, plainOrder, `"customer": {"id": body.by}`,
		`"customer": {"id": headers.map(h, headers[h]).join("-") + body.o.map(k, k).join("-") + {"y": 1, "x": 2, "w": 3}.map(k, k).join("-")}`)
	src := mapped("", plainID, order)
	body := swapIn(t, plainBody, `"no"`, `"o":{"z":1,"b":2,"a":3,"m":4,"d":5,"e":6},"no"`)
	header := map[string][]string{"A": {"1"}, "B": {"2"}, "C": {"3"}, "D": {"4"}, "E": {"5", "6"}, "F": {"7"}}
	hashes := map[string]bool{}
	for i := range 200 {
		// Another mapper each time, as on another replica; other facts of the request.
		orders, err := compiledSource(t, src).Orders(t.Context(), Input{Body: []byte(body), Header: header, RequestID: string(rune('a' + i%26)), Delivery: string(rune('a' + i%26))})
		if err != nil {
			t.Fatal(explain(err))
		}
		hashes[orders[0].Annotations[v1alpha1.AnnotationPayloadHash]] = true
	}
	if len(hashes) != 1 {
		t.Errorf("%d payloads of one delivery", len(hashes))
	}
}

func TestThePagesExamplesMakeTheSamePayloadEachTime(t *testing.T) {
	for _, e := range examples(t) {
		seen := map[string]bool{}
		for range 20 {
			orders, err := compiledSource(t, e.source).Orders(t.Context(), Input{Body: e.body, Header: e.header})
			if err != nil {
				t.Fatal(explain(err))
			}
			out, err := yaml.Marshal(orders)
			if err != nil {
				t.Fatal(err)
			}
			seen[string(out)] = true
		}
		if len(seen) != 1 {
			t.Errorf("%s: %d results", e.title, len(seen))
		}
	}
}
