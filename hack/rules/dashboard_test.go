package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
)

// expressions are those of the operator's dashboard, with what Grafana fills in, by
// the panel's title.
func expressions(t *testing.T) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "config", "grafana", "zma-operator.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			out[p.Title] = append(out[p.Title], strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
		}
	}
	return out
}

// samples are series of every metric, with all labels and values that move.
const samples = `
load 1m
  zma_orders{namespace="shop", account="main", reason="Processing"} 3x120
  zma_orders_overdue{namespace="shop", account="main", reason="Processing"} 1x120
  zma_order_oldest_waiting_seconds{namespace="shop", account="main"} 0+60x120
  zma_order_ready_duration_seconds_bucket{le="60"} 0+1x120
  zma_order_ready_duration_seconds_bucket{le="+Inf"} 0+2x120
  zma_order_transitions_total{reason="Placed"} 0+1x120
  zma_order_write_conflicts_total 0+1x120
  zma_submissions_total{verdict="Accepted"} 0+1x120
  zma_submissions_throttled_total{reason="rate"} 0+1x120
  zma_recoveries_total{verb="resolve", result="found"} 0+1x120
  zma_recovery_requests_total{verb="retry", result="handled"} 0+1x120
  zma_orphans{namespace="shop", account="main", kind="OrderOrphaned"} 0x120
  zma_provider_requests_total{call="create", outcome="2xx"} 0+3x120
  zma_provider_requests_total{call="create", outcome="5xx"} 0+1x120
  zma_provider_request_duration_seconds_bucket{call="create", le="1"} 0+1x120
  zma_provider_request_duration_seconds_bucket{call="create", le="+Inf"} 0+2x120
  zma_account_circuit_state{namespace="shop", account="main"} 0x120
  zma_provider_unknown_codes_total 0+1x120
  zma_account_balance_cents{namespace="shop", account="main"} 100000x120
  zma_account_reserved_cents{namespace="shop", account="main"} 4000x120
  zma_ledger_operation_duration_seconds_bucket{operation="reserve", outcome="ok", le="0.01"} 0+9x120
  zma_ledger_operation_duration_seconds_bucket{operation="reserve", outcome="ok", le="+Inf"} 0+10x120
  zma_ledger_operation_duration_seconds_count{operation="reserve", outcome="ok"} 0+10x120
  zma_mirror_lag_seconds 2x120
  zma_mirror_rows_total 0+5x120
  zma_mirror_errors_total 0x120
  zma_audit_oldest_unsealed_seconds 3x120
  zma_audit_anchor_mismatch 0x120
  zma_audit_errors_total 0x120
  zma_mails_total{kind="Confirmation", outcome="sent"} 0+1x120
  zma_outbox_pending 2x120
  zma_webhook_requests_total{route="webhooks", source="shop/web", outcome="accepted"} 0+1x120
  zma_webhook_request_duration_seconds_bucket{route="webhooks", le="0.01"} 0+9x120
  zma_webhook_request_duration_seconds_bucket{route="webhooks", le="+Inf"} 0+10x120
  zma_webhook_security_events_total{event="replay", source="shop/web"} 0+1x120
  zma_callbacks_total{outcome="hinted"} 0+1x120
  zma_webhook_connections 12x120
  zma_webhook_connections_closed_total{reason="full"} 0+1x120
  zma_webhook_deliveries_dropped_total 0x120
`

// TestPanelsOfTheOperatorGetWhatTheyDraw evaluates every expression of the dashboard
// in Prometheus' own engine: one that it can't parse, or that adds up nothing, is an
// empty panel.
func TestPanelsOfTheOperatorGetWhatTheyDraw(t *testing.T) {
	panels := expressions(t)
	if len(panels) < 25 {
		t.Fatalf("only %d panels", len(panels))
	}
	storage := promqltest.LoadedStorage(t, strings.TrimPrefix(samples, "\n"))
	engine := promqltest.NewTestEngine(t, false, 0, 100_000)
	for title, all := range panels {
		for _, expr := range all {
			t.Run(title, func(t *testing.T) {
				query, err := engine.NewInstantQuery(t.Context(), storage, nil, expr, time.Unix(0, 0).Add(2*time.Hour))
				if err != nil {
					t.Fatalf("%s: %v", expr, err)
				}
				defer query.Close()
				vector, err := query.Exec(t.Context()).Vector()
				if err != nil || len(vector) == 0 {
					t.Errorf("%s gives %d series: %v", expr, len(vector), err)
				}
			})
		}
	}
}
