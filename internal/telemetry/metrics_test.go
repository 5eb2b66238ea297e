package telemetry

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestMetricsHaveConventionalNames gives each metric a value, since one without
// is not gathered, and asks Prometheus' own linter. It also finds a metric that
// was defined and not registered.
func TestMetricsHaveConventionalNames(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	fields := reflect.ValueOf(m).Elem()
	for i := range fields.NumField() {
		touch(t, fields.Field(i).Interface())
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != fields.NumField() {
		t.Errorf("%d metrics of %d are registered: %v", len(families), fields.NumField(), err)
	}
}

// touch gives a metric with labels a value.
func touch(t *testing.T, metric any) {
	t.Helper()
	switch v := metric.(type) {
	case *prometheus.CounterVec:
		v.WithLabelValues(labels(v)...)
	case *prometheus.GaugeVec:
		v.WithLabelValues(labels(v)...)
	case *prometheus.HistogramVec:
		v.WithLabelValues(labels(v)...)
	case prometheus.Metric:
	default:
		t.Errorf("a field of the type %T is no metric", metric)
	}
}

// labels are as many values as the metric has labels.
func labels(c prometheus.Collector) []string {
	descriptions := make(chan *prometheus.Desc, 1)
	c.Describe(descriptions)
	match := regexp.MustCompile(`variableLabels: \{([^}]*)\}`).FindStringSubmatch((<-descriptions).String())
	return strings.Split(match[1], ",")
}
