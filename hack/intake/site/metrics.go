package site

import (
	"fmt"
	"net/http"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metrics is a page of metrics.
type Metrics []Sample

// Sample is one series of a page.
type Sample struct {
	// Name of the metric, and the values of its labels.
	Name   string
	Labels map[string]string
	// Value of a counter or a gauge.
	Value float64
	// Histogram, where it is one.
	Histogram Histogram
}

// Histogram holds observations in seconds.
type Histogram struct {
	// Count of observations and their Sum.
	Count uint64
	Sum   float64
	// Buckets by upper bound, cumulative.
	Buckets map[float64]uint64
}

// scrape reads a page of metrics.
func scrape(c *http.Client, req *http.Request) (Metrics, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read or given up
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read metrics: %s", resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	var out Metrics
	for name, family := range families {
		for _, m := range family.GetMetric() {
			s := Sample{Name: name, Labels: map[string]string{}, Value: m.GetCounter().GetValue() + m.GetGauge().GetValue()}
			for _, l := range m.GetLabel() {
				s.Labels[l.GetName()] = l.GetValue()
			}
			h := m.GetHistogram()
			s.Histogram = Histogram{Count: h.GetSampleCount(), Sum: h.GetSampleSum(), Buckets: map[float64]uint64{}}
			for _, b := range h.GetBucket() {
				s.Histogram.Buckets[b.GetUpperBound()] = b.GetCumulativeCount()
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// Sum adds the series of a metric that have the given labels.
func (m Metrics) Sum(name string, labels map[string]string) (value float64, h Histogram) {
	h.Buckets = map[float64]uint64{}
	for _, s := range m {
		if s.Name != name || !s.has(labels) {
			continue
		}
		value += s.Value
		h.Count += s.Histogram.Count
		h.Sum += s.Histogram.Sum
		for bound, n := range s.Histogram.Buckets {
			h.Buckets[bound] += n
		}
	}
	return value, h
}

func (s Sample) has(labels map[string]string) bool {
	for name, value := range labels {
		if s.Labels[name] != value {
			return false
		}
	}
	return true
}

// Since is what was observed after an earlier look.
func (h Histogram) Since(before Histogram) Histogram {
	out := Histogram{Count: h.Count - before.Count, Sum: h.Sum - before.Sum, Buckets: map[float64]uint64{}}
	for bound, n := range h.Buckets {
		out.Buckets[bound] = n - before.Buckets[bound]
	}
	return out
}
