package records

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// Panel is one query of a dashboard, as Grafana would send it.
type Panel struct {
	Query
	// Type of the panel, such as "timeseries"; "variable" for the dashboard's own.
	Type string
	// Format of the answer: "table" or "time_series".
	Format string
	// Columns that the panel names.
	Columns []string
}

// dashboard is what of a dashboard's JSON matters here.
type dashboard struct {
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct {
			Name, Type string
			Query      string `json:"query"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	Title   string `json:"title"`
	Type    string `json:"type"`
	Targets []struct {
		Format string `json:"format"`
		RawSQL string `json:"rawSql"`
	} `json:"targets"`
	Options struct {
		XField string `json:"xField"`
	} `json:"options"`
	FieldConfig struct {
		Overrides []struct {
			Matcher struct {
				ID      string `json:"id"`
				Options string `json:"options"`
			} `json:"matcher"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
}

// columns are those that the panel names: a field of a query that is not there is
// drawn as nothing, without a word.
func (p panel) columns() (out []string) {
	if p.Options.XField != "" {
		out = append(out, p.Options.XField)
	}
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID == "byName" {
			out = append(out, o.Matcher.Options)
		}
	}
	return out
}

// Panels reads the queries of a dashboard and fills in what Grafana would: the range
// of time, and the variable namespace with all that Generate makes.
func Panels(file string, from, to time.Time) ([]Panel, error) {
	raw, err := os.ReadFile(file) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, err
	}
	var d dashboard
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out []Panel
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			out = append(out, Panel{Query: Query{Title: "variable " + v.Name, SQL: v.Query}, Type: "variable", Format: "table"})
		}
	}
	for _, p := range d.Panels {
		for _, t := range p.Targets {
			out = append(out, Panel{Query: Query{Title: "panel " + p.Title, SQL: t.RawSQL}, Type: p.Type, Format: t.Format, Columns: p.columns()})
		}
	}
	for i := range out {
		if out[i].SQL, err = expand(out[i].SQL, from, to); err != nil {
			return nil, fmt.Errorf("%s: %w", out[i].Title, err)
		}
	}
	return out, nil
}

var timeFilter = regexp.MustCompile(`\$__timeFilter\(([^)]+)\)`)

// expand replaces macros and variables as Grafana's documentation of its PostgreSQL
// data source says.
func expand(sql string, from, to time.Time) (string, error) {
	quote := func(t time.Time) string { return "'" + t.UTC().Format(time.RFC3339) + "'" }
	sql = timeFilter.ReplaceAllString(sql, "${1} BETWEEN "+quote(from)+" AND "+quote(to))
	sql = strings.NewReplacer("$__timeFrom()", quote(from), "$__timeTo()", quote(to),
		"${namespace:sqlstring}", "'shop','outlet'").Replace(sql)
	if strings.Contains(sql, "$") {
		return "", fmt.Errorf("something is not filled in: %s", sql)
	}
	return sql, nil
}
