package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zma-operator/zma-operator/controllers"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

func separates(r rune) bool { return r == ',' || r == ' ' }

// labelsOf gives the labels of every metric by its name.
func labelsOf(registry *prometheus.Registry) map[string][]string {
	descriptions := make(chan *prometheus.Desc, 100)
	registry.Describe(descriptions)
	close(descriptions)
	out := map[string][]string{}
	pattern := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	for d := range descriptions {
		if m := pattern.FindStringSubmatch(d.String()); m != nil {
			out[m[1]] = strings.FieldsFunc(m[2], separates)
		}
	}
	return out
}

var (
	metricNames  = regexp.MustCompile(`zma_[a-z_]+`)
	histogram    = regexp.MustCompile(`_(bucket|count|sum)$`)
	groupings    = regexp.MustCompile(`by \(([^)]*)\)`)
	matchers     = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"`)
	legendLabels = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// TestDashboardIsAboutMetricsThatExist compares the dashboard's expressions with the
// registry: metrics, their labels, and the labels that a legend shows.
func TestDashboardIsAboutMetricsThatExist(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := telemetry.NewMetrics(registry); err != nil {
		t.Fatal(err)
	}
	registry.MustRegister(controllers.NewCensus(nil, nil))
	labels := labelsOf(registry)
	if !slices.Equal(labels["zma_mails_total"], []string{"kind", "outcome"}) {
		t.Fatalf("the labels of metrics can't be told: %v", labels["zma_mails_total"])
	}
	queries := 0
	for _, p := range boards(t)["prometheus"].Panels {
		for _, q := range p.Targets {
			queries++
			for _, problem := range metricProblems(q, labels) {
				t.Errorf("%q: %s: %s", p.Title, problem, q.Expr)
			}
		}
	}
	if queries < 30 {
		t.Errorf("only %d queries", queries)
	}
}

func metricProblems(q boardQuery, labels map[string][]string) (out []string) {
	named := metricNames.FindAllString(q.Expr, -1)
	if len(named) == 0 {
		return []string{"it names no metric"}
	}
	known := []string{"le"}
	for _, name := range named {
		of, ok := labels[name]
		if !ok {
			if of, ok = labels[histogram.ReplaceAllString(name, "")]; !ok {
				out = append(out, name+" is no metric")
			}
		}
		known = append(known, of...)
	}
	var used, shown []string
	for i, m := range groupings.FindAllStringSubmatch(q.Expr, -1) {
		by := strings.FieldsFunc(m[1], separates)
		if used = append(used, by...); i == 0 {
			shown = by // the outermost comes first
		}
	}
	for _, m := range matchers.FindAllStringSubmatch(q.Expr, -1) {
		used = append(used, m[1])
	}
	for _, label := range used {
		if !slices.Contains(known, label) {
			out = append(out, "the metric has no label "+label)
		}
	}
	for _, m := range legendLabels.FindAllStringSubmatch(q.LegendFormat, -1) {
		if !slices.Contains(shown, m[1]) {
			out = append(out, "the legend shows "+m[1]+", which is summed away")
		}
	}
	return out
}

// TestDashboardIsAboutReasonsThatExist: what has ended would be drawn as waiting.
func TestDashboardIsAboutReasonsThatExist(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "api", "v1alpha1", "conditions.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, p := range boards(t)["prometheus"].Panels {
		for _, q := range p.Targets {
			for _, m := range regexp.MustCompile(`reason!?=?~?"([^"]+)"`).FindAllStringSubmatch(q.Expr, -1) {
				for reason := range strings.SplitSeq(m[1], "|") {
					found++
					if !strings.Contains(string(source), `= "`+reason+`"`) {
						t.Errorf("%q names the reason %s, which does not exist", p.Title, reason)
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("no reason is named")
	}
}
