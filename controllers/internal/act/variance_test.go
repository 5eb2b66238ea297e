package act

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestVariance(t *testing.T) {
	percent, fixed, none := int32(10), int64(200), int64(0)
	rule := v1alpha1.VarianceRule{Percent: &percent, FixedCents: &fixed}
	for name, c := range map[string]struct {
		estimate, variance int64
		rule               v1alpha1.VarianceRule
		want               bool
	}{
		"as expected":                    {1000, 0, rule, false},
		"as dear as may be":              {1000, 300, rule, false},
		"a cent dearer":                  {1000, 301, rule, true},
		"as cheap as may be":             {1000, -300, rule, false},
		"a cent cheaper":                 {1000, -301, rule, true},
		"nothing was expected":           {0, 201, rule, true},
		"no rule: tax and shipping":      {5000, 5000*8/100 + 599, v1alpha1.VarianceRule{}, false},
		"no rule: half as much again":    {5000, 2500, v1alpha1.VarianceRule{}, true},
		"no cent of difference, a cent":  {1000, 1, v1alpha1.VarianceRule{Percent: new(int32), FixedCents: &none}, true},
		"no cent of difference, no cent": {1000, 0, v1alpha1.VarianceRule{Percent: new(int32), FixedCents: &none}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := varies(c.estimate, c.variance, c.rule); got != c.want {
				t.Errorf("varies: %t, want %t", got, c.want)
			}
		})
	}
}

// shyAlerts takes no alert until it is told to.
type shyAlerts struct {
	keptAlerts
	away    bool
	settled int
}

func (s *shyAlerts) Settle(context.Context, ledger.Settlement) error { s.settled++; return nil }

func (s *shyAlerts) RaiseAlert(ctx context.Context, a ledger.Alert) (bool, error) {
	if s.away {
		return false, errors.New("away")
	}
	opened := len(s.alerts) == 0
	_, err := s.keptAlerts.RaiseAlert(ctx, a)
	return opened, err
}

// TestSettlementDoesNotDependOnTheAlertOfItsVariance: the order is settled at once,
// and the alert follows when the ledger takes it, counted once.
func TestSettlementDoesNotDependOnTheAlertOfItsVariance(t *testing.T) {
	x, _, _ := bench(t)
	shy := &shyAlerts{away: true}
	x.Ledger = shy
	variance := int64(5000)
	order := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "o"}}
	order.Spec.Total.Currency = "USD"
	order.Status.Submission = sent(v1alpha1.SubmissionAccepted, "r1", noon)
	order.Status.Placement = &v1alpha1.Placement{}
	order.Status.Cost = &v1alpha1.Cost{EstimateCents: 1000, VarianceCents: &variance, Actual: &v1alpha1.ActualCost{TotalCents: 6000}}
	task := &Task{Order: order, Stored: order.DeepCopy(), Account: &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}}}
	if err := x.recordCost(t.Context(), task, machine.Action{}); err != nil {
		t.Fatal(err)
	}
	recorded := false
	for _, c := range order.Status.Conditions {
		recorded = recorded || (c.Type == v1alpha1.ConditionCostRecorded && c.Status == metav1.ConditionTrue)
	}
	if !recorded || shy.settled != 1 {
		t.Errorf("settled %d times, recorded: %t", shy.settled, recorded)
	}
	shy.away = false
	task.Stored = order.DeepCopy()
	x.Alert(t.Context(), task)
	x.Alert(t.Context(), task)
	if len(shy.alerts) != 1 || shy.alerts[0].Kind != "CostVariance" || shy.alerts[0].Severity != ledger.SeverityWarning || !strings.Contains(shy.alerts[0].Summary, "60.00 USD") {
		t.Errorf("alerts: %+v", shy.alerts)
	}
	if err := x.recordCost(t.Context(), task, machine.Action{}); err != nil { // another process settles it again
		t.Fatal(err)
	}
	if n := testutil.ToFloat64(x.Metrics.CostVariances.WithLabelValues("shop", "main", "over")); n != 1 {
		t.Errorf("counted %v times", n)
	}
}
