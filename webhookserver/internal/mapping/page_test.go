package mapping

import (
	"bufio"
	"errors"
	"net/http"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/yaml"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// example is one of docs/mapping.md: a source, a delivery, and what it makes.
type example struct {
	title  string
	source *v1alpha1.WebhookSource
	body   []byte
	header http.Header
	want   []v1alpha1.ZMAOrderSpec
}

// examples of the page, in its order.
func examples(t testing.TB) []example {
	t.Helper()
	raw, err := os.ReadFile("../../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	_, worked, found := strings.Cut(string(raw), "## Examples")
	if !found {
		t.Fatal("docs/mapping.md has no examples")
	}
	var out []example
	for _, section := range strings.Split(worked, "\n### ")[1:] {
		out = append(out, readExample(t, section))
	}
	if len(out) != 3 {
		t.Fatalf("docs/mapping.md has %d examples, want 3", len(out))
	}
	return out
}

func readExample(t testing.TB, section string) example {
	t.Helper()
	title, _, _ := strings.Cut(section, "\n")
	e := example{title: title, header: http.Header{}}
	for _, block := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").FindAllStringSubmatch(section, -1) {
		var err error
		switch kind, content := block[1], []byte(block[2]); {
		case kind == "yaml" && e.source == nil:
			err = yaml.UnmarshalStrict(content, &e.source)
		case kind == "yaml":
			err = yaml.UnmarshalStrict(content, &e.want)
		case kind == "json":
			e.body = content
		case kind == "http":
			var header textproto.MIMEHeader
			header, err = textproto.NewReader(bufio.NewReader(strings.NewReader(block[2] + "\r\n"))).ReadMIMEHeader()
			e.header = http.Header(header)
		}
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
	}
	if e.source == nil || e.body == nil || e.want == nil {
		t.Fatalf("%s: source, body or orders are missing", title)
	}
	return e
}

func TestThePagesExamplesMakeWhatTheySay(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.title, func(t *testing.T) {
			m, err := Compile(e.source)
			if err != nil {
				t.Fatal(err)
			}
			orders, err := m.Orders(t.Context(), Input{Body: e.body, Header: e.header})
			if err != nil {
				t.Fatal(explain(err))
			}
			var got []v1alpha1.ZMAOrderSpec
			for _, o := range orders {
				got = append(got, o.Spec)
			}
			if diff := cmp.Diff(e.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// explain adds the fields to an error, which its text leaves out.
func explain(err error) string {
	var body *BodyError
	var expression *ExpressionError
	out := err.Error()
	switch {
	case errors.As(err, &body):
		for _, f := range body.Fields {
			out += "\n" + f.Field + " " + f.Detail
		}
	case errors.As(err, &expression):
		for _, f := range expression.Fields {
			out += "\n" + f.Field + " " + f.Detail
		}
	}
	return out
}
