// Package rules tests the alert rules and the dashboard in Prometheus' own engine.
package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/promqltest"
	"sigs.k8s.io/yaml"
)

// rule is what the tests need of an alert rule.
type rule struct {
	Alert  string            `json:"alert"`
	Expr   string            `json:"expr"`
	For    string            `json:"for"`
	Labels map[string]string `json:"labels"`
}

// load reads the rules as they are installed.
func load(t *testing.T) map[string]rule {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "config", "prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		Spec struct {
			Groups []struct {
				Rules []rule `json:"rules"`
			} `json:"groups"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	out := map[string]rule{}
	for _, g := range object.Spec.Groups {
		for _, r := range g.Rules {
			out[r.Alert] = r
		}
	}
	return out
}

// holds evaluates a rule's expression over series in the notation of Prometheus'
// own tests.
func holds(t *testing.T, r rule, series string, at time.Duration) bool {
	t.Helper()
	storage := promqltest.LoadedStorage(t, "load 1m\n"+strings.TrimPrefix(series, "\n"))
	engine := promqltest.NewTestEngine(t, false, 0, 100_000)
	query, err := engine.NewInstantQuery(t.Context(), storage, nil, r.Expr, time.Unix(0, 0).Add(at))
	if err != nil {
		t.Fatalf("%s: %v", r.Alert, err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	vector, err := result.Vector()
	if err != nil {
		t.Fatalf("%s: %v", r.Alert, err)
	}
	return len(vector) > 0
}

// TestAlertsFire shows for each alert what makes it fire, and what does not.
func TestAlertsFire(t *testing.T) {
	rules, tried := load(t), map[string]map[bool]bool{}
	for _, c := range cases {
		r, ok := rules[c.alert]
		if !ok {
			t.Errorf("no alert %s", c.alert)
			continue
		}
		if tried[c.alert] == nil {
			tried[c.alert] = map[bool]bool{}
		}
		tried[c.alert][c.fires] = true
		t.Run(c.alert+"/"+c.reason, func(t *testing.T) {
			if got := holds(t, r, c.series, c.at); got != c.fires {
				t.Errorf("fires: %t, want %t", got, c.fires)
			}
		})
	}
	for name := range rules {
		if !tried[name][true] || !tried[name][false] {
			t.Errorf("alert %s is not tried both ways", name)
		}
	}
}

// TestAlertsHaveASeverityAndAPause keeps what Alertmanager routes by.
func TestAlertsHaveASeverityAndAPause(t *testing.T) {
	for name, r := range load(t) {
		if s := r.Labels["severity"]; s != "warning" && s != "critical" {
			t.Errorf("alert %s has the severity %q", name, s)
		}
		if _, err := model.ParseDuration(r.For); r.For != "" && err != nil {
			t.Errorf("alert %s: %v", name, err)
		}
	}
}
