package plugin

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// manifest is a source in a file, with changes by replacement.
func manifest(t *testing.T, old, by string) string {
	t.Helper()
	text := read(t, "config", "samples", "source-shop.yaml")
	if !strings.Contains(text, old) {
		t.Fatalf("the sample has no %q", old)
	}
	return strings.Replace(text, old, by, 1)
}

// TestErrorsCanBeRead gives what can't be tried, without a cluster.
func TestErrorsCanBeRead(t *testing.T) {
	alone(t)
	body := read(t, "config", "samples", "bodies", "shop.json")
	cases := map[string]struct {
		old, by string
		body    string
		more    []string
		err     string
	}{
		"an unknown function":              {"minorUnits(parcel.total", "cents(parcel.total", body, nil, "mapping.order:27:25: "},
		"an expression that does not end":  {`"order.paid"`, `"order.paid" &&`, body, nil, "eventFilter:1:"},
		"an error of the body":             {"line.sku", "line.asin", body, nil, "mapping.order:3:22: no such key: asin"},
		"a misspelt field of the source":   {"eventFilter", "eventfilter", body, nil, `unknown field "spec.eventfilter"`},
		"a source of another name":         {"name: shop", "name: store", body, nil, "holds no WebhookSource shop"},
		"another namespace than the file":  {"name: shop", "name: shop\n  namespace: a", body, []string{"-n", "b"}, "the source is of namespace a, not b"},
		"a body that is no JSON":           {"name: shop", "name: shop", "<order/>", nil, "body is not a valid order"},
		"a body that is too large":         {"spec:", "spec:\n  maxBodyBytes: 1024", body, nil, "larger than 1024 bytes"},
		"a body beyond the default":        {"name: shop", "name: shop", strings.Repeat(" ", 300_000), nil, "larger than 262144 bytes"},
		"a header without a colon":         {"name: shop", "name: shop", body, []string{"--header", "X-Token secret"}, "--header 1 is not of the form"},
		"a form that is neither":           {"name: shop", "name: shop", body, []string{"-o", "table"}, `--output "table" is not yaml or json`},
		"the API server without a cluster": {"name: shop", "name: shop", body, []string{"--server"}, "no configuration has been provided"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			args := append([]string{"source", "test", "shop", "-", "-f", file(t, manifest(t, tc.old, tc.by))}, tc.more...)
			got := call(t, tc.body, args...)
			if !holds(got.err, tc.err) {
				t.Errorf("error %v, want %q", got.err, tc.err)
			}
			if got.err != nil && strings.Contains(got.err.Error(), "secret") {
				t.Errorf("the error quotes a header: %v", got.err)
			}
		})
	}
}

// TestANameThatOrdersCantHaveIsRefused tells what the source's condition would.
func TestANameThatOrdersCantHaveIsRefused(t *testing.T) {
	alone(t)
	for _, name := range []string{v1alpha1.ManualSource, strings.Repeat("s", 64)} {
		got := call(t, "{}", "source", "test", name, "-", "-f", file(t, manifest(t, "name: shop", "name: "+name)))
		if !holds(got.err, "the source can't be served") {
			t.Errorf("%s: %v", name, got.err)
		}
	}
}

func TestAFileNeedsNoCluster(t *testing.T) {
	alone(t)
	body := read(t, "config", "samples", "bodies", "shop.json")
	several := read(t, "config", "samples", "account.yaml") + "---\n" + read(t, "config", "samples", "source.yaml") + "---\n" + read(t, "config", "samples", "source-shop.yaml")
	for reason, tc := range map[string]struct {
		manifest  string
		more      []string
		namespace string
	}{
		"among other objects": {several, nil, "default"},
		"by the flag":         {several, []string{"-n", "asked"}, "asked"},
		"by the file":         {manifest(t, "name: shop", "name: shop\n  namespace: own"), nil, "own"},
	} {
		t.Run(reason, func(t *testing.T) {
			got := call(t, body, append([]string{"source", "test", "shop", "-", "-o", "json", "-f", file(t, tc.manifest)}, tc.more...)...)
			var list v1alpha1.ZMAOrderList
			if got.err != nil || json.Unmarshal([]byte(got.out), &list) != nil || len(list.Items) != 2 {
				t.Fatalf("%v\n%s", got.err, got.out)
			}
			for i, id := range []string{"S-20417-a", "S-20417-b"} {
				o := list.Items[i]
				if o.Namespace != tc.namespace || o.Name != v1alpha1.OrderNameFor("shop", id) || o.Spec.Source.ExternalID != id {
					t.Errorf("order %d is %s/%s of %s, want %s in %s", i, o.Namespace, o.Name, o.Spec.Source.ExternalID, id, tc.namespace)
				}
			}
		})
	}
}

func TestHeadersReachTheFilter(t *testing.T) {
	alone(t)
	try := func(headers ...string) said {
		args := []string{"source", "test", "hooks", root + "/config/samples/bodies/hooks.json", "-f", root + "/config/samples/source-hmac.yaml", "-o", "json"}
		for _, h := range headers {
			args = append(args, "--header", h)
		}
		return call(t, "", args...)
	}
	if got := try("x-event:order", "X-Other: a: b"); got.err != nil || !strings.Contains(got.out, `"kind": "ZMAOrder"`) {
		t.Errorf("%v\n%s", got.err, got.out)
	}
	if got := try("X-Event: ping"); got.err != nil || got.out != "" || !strings.Contains(got.notes, "ignored: eventFilter is false") {
		t.Errorf("%v, %q, %q", got.err, got.out, got.notes)
	}
}

func TestCommands(t *testing.T) {
	alone(t)
	for reason, tc := range map[string]struct {
		args     []string
		out, err string
	}{
		"the version":                  {[]string{"version"}, "v1.2.3\n", ""},
		"help names the commands":      {nil, "kubectl zma [command]", ""},
		"help of a group":              {[]string{"source"}, "kubectl zma source [command]", ""},
		"an unknown command":           {[]string{"sources"}, "", `unknown command "sources"`},
		"an unknown command of source": {[]string{"source", "try"}, "", `unknown command "try"`},
		"no body":                      {[]string{"source", "test", "web"}, "", "accepts 2 arg(s)"},
		"one standard input for both":  {[]string{"source", "test", "web", "-", "-f", "-"}, "", "can't both be standard input"},
		"no such file":                 {[]string{"source", "test", "web", "-", "-f", "absent.yaml"}, "", "absent.yaml"},
	} {
		t.Run(reason, func(t *testing.T) {
			got := call(t, "", tc.args...)
			if !holds(got.err, tc.err) || !strings.Contains(got.out, tc.out) {
				t.Errorf("%v, want %q\n%s, want %q", got.err, tc.err, got.out, tc.out)
			}
		})
	}
}
