package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/zma-operator/zma-operator/controllers"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// foreign are kinds of the Prometheus operator, which the API server of the tests
// does not have; all else of config/prometheus is applied.
var foreign = []string{"PodMonitor", "PrometheusRule"}

// TestScrapingIsAllowed applies what config/prometheus grants, and finds the
// Secret that its monitor names.
func TestScrapingIsAllowed(t *testing.T) {
	apply(t, render(t, "default"))
	var monitor *unstructured.Unstructured
	var rest bytes.Buffer
	for _, o := range objects(t, render(t, "prometheus")) {
		if o.GetKind() == "PodMonitor" {
			monitor = o
		}
		if slices.Contains(foreign, o.GetKind()) {
			continue
		}
		if err := json.NewEncoder(&rest).Encode(o.Object); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, rest.Bytes())
	endpoints, _, err := unstructured.NestedSlice(monitor.Object, "spec", "podMetricsEndpoints")
	if err != nil || len(endpoints) != 1 {
		t.Fatalf("%d endpoints: %v", len(endpoints), err)
	}
	secret, _, err := unstructured.NestedString(endpoints[0].(map[string]any), "authorization", "credentials", "name")
	if err != nil {
		t.Fatal(err)
	}
	kubectl := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", cluster.KubeconfigPath()}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	account := kubectl("-n", "zma-system", "get", "secret", secret, "-o", `jsonpath={.metadata.annotations.kubernetes\.io/service-account\.name}`)
	kubectl("auth", "can-i", "get", "/metrics", "--as", "system:serviceaccount:zma-system:"+account)
}

// TestAlertsAreAboutMetricsThatExist compares the alert rules with the registry,
// and looks for each alert's runbook.
func TestAlertsAreAboutMetricsThatExist(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := telemetry.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	registry.MustRegister(controllers.NewCensus(nil, nil))
	known := names(registry, m)
	raw, err := os.ReadFile(filepath.Join("prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	histogram := regexp.MustCompile(`_(bucket|count|sum)$`)
	used := regexp.MustCompile(`zma_[a-z_]+`).FindAllString(string(raw), -1)
	if len(used) == 0 {
		t.Fatal("no rule names a metric")
	}
	for _, name := range used {
		if !known[name] && !known[histogram.ReplaceAllString(name, "")] {
			t.Errorf("a rule names %s, which is no metric", name)
		}
	}
	for _, alert := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(raw), -1) {
		if _, err := os.Stat(filepath.Join("..", "docs", "runbooks", alert[1]+".md")); err != nil || !strings.Contains(string(raw), "docs/runbooks/"+alert[1]+".md") {
			t.Errorf("alert %s has no runbook page, or does not link it: %v", alert[1], err)
		}
	}
}

// names of all metrics, from their descriptions: those with labels have no value
// yet, and would not be gathered.
func names(registry *prometheus.Registry, _ *telemetry.Metrics) map[string]bool {
	descriptions := make(chan *prometheus.Desc, 100)
	registry.Describe(descriptions)
	close(descriptions)
	out := map[string]bool{}
	for d := range descriptions {
		if name := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String()); name != nil {
			out[name[1]] = true
		}
	}
	return out
}

// TestAlertsAreAboutReasonsThatExist: a rule about a reason that nothing sets
// would never fire.
func TestAlertsAreAboutReasonsThatExist(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join("prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join("..", "api", "v1alpha1", "conditions.go"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`reason=~?"([^"]+)"`).FindAllStringSubmatch(string(rules), -1)
	if len(named) == 0 {
		t.Fatal("no rule names a reason")
	}
	for _, match := range named {
		for reason := range strings.SplitSeq(match[1], "|") {
			if !strings.Contains(string(source), `= "`+reason+`"`) {
				t.Errorf("a rule names the reason %s, which does not exist", reason)
			}
		}
	}
}
