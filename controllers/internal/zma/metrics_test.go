package zma

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// TestCallsAndUnknownCodesAreCounted: a code that the table does not hold waits
// for a person, who has to hear of it.
func TestCallsAndUnknownCodesAreCounted(t *testing.T) {
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			answerWith(400, nil, `{"_type":"error","code":"never_heard_of"}`)(w, r)
			return
		}
		answerWith(200, nil, `{"_type":"error","code":"product_unavailable"}`)(w, r)
	}))
	c, err := NewV1(Config{BaseURL: s.URL, Token: token, HTTP: NewHTTPClient(), Metrics: m, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c.Submit(t.Context(), request())
	if _, err := c.Get(t.Context(), "abc"); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := c.Get(t.Context(), "abc"); err == nil {
		t.Error("a server that is gone gave an answer")
	}
	if got := testutil.ToFloat64(m.UnknownCodes); got != 1 {
		t.Errorf("%v unknown codes, want 1", got)
	}
	for _, labels := range [][]string{{"submit", "4xx"}, {"get", "2xx"}, {"get", "failed"}} {
		if got := testutil.ToFloat64(m.ProviderRequests.WithLabelValues(labels...)); got != 1 {
			t.Errorf("%v calls of %v, want 1", got, labels)
		}
	}
	if got := testutil.CollectAndCount(m.ProviderDuration); got != 2 {
		t.Errorf("durations of %d calls, want those of submit and get", got)
	}
}
