package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// board is a dashboard of Grafana, as far as the tests look at it.
type board struct {
	UID        string       `json:"uid"`
	Title      string       `json:"title"`
	Panels     []boardPanel `json:"panels"`
	Templating struct {
		List []struct{ Name, Type, Query string } `json:"list"`
	} `json:"templating"`
}

type boardPanel struct {
	ID         int          `json:"id"`
	Title      string       `json:"title"`
	Type       string       `json:"type"`
	Datasource boardSource  `json:"datasource"`
	GridPos    gridPos      `json:"gridPos"`
	Targets    []boardQuery `json:"targets"`
}

type boardSource struct{ Type, UID string }

type gridPos struct{ X, Y, W, H int }

type boardQuery struct {
	Datasource   boardSource `json:"datasource"`
	Expr         string      `json:"expr"`
	LegendFormat string      `json:"legendFormat"`
	RawSQL       string      `json:"rawSql"`
}

func (p gridPos) overlaps(o gridPos) bool {
	return p.X < o.X+o.W && o.X < p.X+p.W && p.Y < o.Y+o.H && o.Y < p.Y+p.H
}

// boards are the dashboards as they are installed, by the type of their data source.
func boards(t *testing.T) map[string]board {
	t.Helper()
	out := map[string]board{}
	for _, o := range objects(t, render(t, "grafana")) {
		data, _, err := unstructured.NestedStringMap(o.Object, "data")
		if err != nil || o.GetKind() != "ConfigMap" || len(data) != 1 {
			t.Fatalf("%s %s is no ConfigMap with one dashboard: %v", o.GetKind(), o.GetName(), err)
		}
		for name, text := range data {
			var b board
			if err := json.Unmarshal([]byte(text), &b); err != nil || len(b.Templating.List) == 0 {
				t.Fatalf("%s: %v", name, err)
			}
			out[b.Templating.List[0].Query] = b
		}
	}
	return out
}

// The sidecar takes ConfigMaps by this label, and files by their ending.
func TestDashboardsAreFoundByTheSidecar(t *testing.T) {
	apply(t, render(t, "default"))
	apply(t, render(t, "grafana"))
	found := objects(t, render(t, "grafana"))
	if len(found) != 2 {
		t.Errorf("%d objects, want two dashboards", len(found))
	}
	for _, o := range found {
		if o.GetLabels()["grafana_dashboard"] != "1" {
			t.Errorf("%s has the labels %v", o.GetName(), o.GetLabels())
		}
		data, _, _ := unstructured.NestedStringMap(o.Object, "data")
		for name := range data {
			if !strings.HasSuffix(name, ".json") {
				t.Errorf("%s is no file that the sidecar writes for Grafana", name)
			}
		}
	}
}

// What Grafana would draw over one another, mix up or look for in vain.
func TestDashboardsAreSound(t *testing.T) {
	uids := map[string]bool{}
	for plugin, b := range boards(t) {
		if uids[b.UID] || b.UID == "" || b.Title == "" {
			t.Errorf("the dashboard %q with the uid %q is there twice, or has no name", b.Title, b.UID)
		}
		uids[b.UID] = true
		if v := b.Templating.List[0]; v.Name != "datasource" || v.Type != "datasource" {
			t.Errorf("%s: its first variable is no data source", b.Title)
		}
		ids := map[int]bool{}
		for i, p := range b.Panels {
			if ids[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: panel %d %q has no id, no name or no place of its own", b.Title, p.ID, p.Title)
			}
			ids[p.ID] = true
			for _, other := range b.Panels[:i] {
				if p.GridPos.overlaps(other.GridPos) {
					t.Errorf("%s: %q lies over %q", b.Title, p.Title, other.Title)
				}
			}
			for _, problem := range sourceProblems(p, boardSource{Type: plugin, UID: "${datasource}"}) {
				t.Errorf("%s: %q %s", b.Title, p.Title, problem)
			}
		}
	}
	if len(uids) != 2 {
		t.Errorf("%d dashboards", len(uids))
	}
}

func sourceProblems(p boardPanel, want boardSource) (out []string) {
	if p.Type == "row" {
		return nil
	}
	if p.Datasource != want || len(p.Targets) == 0 {
		out = append(out, "does not read the data source of the variable")
	}
	for _, q := range p.Targets {
		if q.Datasource != want || (q.Expr == "") == (q.RawSQL == "") || (q.Expr == "") != (want.Type != "prometheus") {
			out = append(out, "asks another data source, or nothing")
		}
	}
	return out
}
