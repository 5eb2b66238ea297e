package controllers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// alertRow is a row of admin_alerts.
type alertRow struct {
	Kind, Severity, Object, Summary, Runbook string
	Occurrences                              int64
	Open                                     bool
}

// alertHouse tells of accounts in a real ledger.
type alertHouse struct {
	*AccountReconciler
	t   *testing.T
	url string
}

func newAlertHouse(t *testing.T) *alertHouse {
	t.Helper()
	h := &alertHouse{t: t, url: startSweepDatabase(t).NewDatabase(t)}
	if _, _, err := ledger.Migrate(t.Context(), h.url); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return sweepNow }
	l, err := ledger.Open(t.Context(), ledger.Options{URL: h.url, Now: now, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	h.AccountReconciler = &AccountReconciler{ledger: l, metrics: m, now: now}
	return h
}

// rows in the order in which they were opened.
func (h *alertHouse) rows() []alertRow {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(h.t.Context()); err != nil {
			h.t.Error(err)
		}
	}()
	found, err := conn.Query(h.t.Context(), `SELECT kind, severity, object, summary, runbook, occurrences, resolved_at IS NULL FROM admin_alerts ORDER BY id`)
	if err != nil {
		h.t.Fatal(err)
	}
	rows, err := pgx.CollectRows(found, pgx.RowToStructByPos[alertRow])
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

// expect compares all rows; of the summary it looks for a part, and of object and
// runbook that they are right.
func (h *alertHouse) expect(when string, want ...alertRow) {
	h.t.Helper()
	rows := h.rows()
	if len(rows) != len(want) {
		h.t.Fatalf("%s: %d rows, want %d: %+v", when, len(rows), len(want), rows)
	}
	for i, w := range want {
		got := rows[i]
		if got.Kind != w.Kind || got.Severity != w.Severity || got.Occurrences != w.Occurrences || got.Open != w.Open || !strings.Contains(got.Summary, w.Summary) {
			h.t.Errorf("%s: row %d is %+v, want %+v", when, i, got, w)
		}
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(got.Runbook))); err != nil || got.Object != "main" {
			h.t.Errorf("%s: row %d has no runbook, or another object: %+v: %v", when, i, got, err)
		}
	}
}

// TestABalanceHasOneOpenAlertAtMostAndItResolvesByItself follows an account down and
// up again, through a reading that fails and a new process.
func TestABalanceHasOneOpenAlertAtMostAndItResolvesByItself(t *testing.T) {
	h := newAlertHouse(t)
	say := func(balance *int64) { h.tell(t.Context(), accountWith(balance, 100), waitingOrders{}) }
	cents := func(n int64) *int64 { return &n }
	low := alertRow{Kind: KindBalanceLow, Severity: ledger.SeverityWarning, Occurrences: 1, Open: true, Summary: "Recommended transfer: 1.00"}
	say(cents(5000))
	h.expect("enough")
	say(cents(1000))
	h.expect("low, for what is reserved", low)
	say(cents(1000))
	say(cents(1000))
	low.Occurrences = 3
	h.expect("still low", low)
	say(nil)
	h.expect("nobody knows", low)
	low.Open = false
	critical := alertRow{Kind: KindBalanceCritical, Severity: ledger.SeverityCritical, Occurrences: 1, Open: true, Summary: "Recommended transfer: 6.00"}
	say(cents(500))
	h.expect("critical", low, critical)
	h.AccountReconciler = &AccountReconciler{ledger: h.ledger, metrics: h.metrics, now: h.now} // a new process
	say(cents(1100))
	critical.Open = false
	h.expect("enough again, to the cent", low, critical)
	say(cents(1099))
	h.expect("low once more", low, critical, alertRow{Kind: KindBalanceLow, Severity: ledger.SeverityWarning, Occurrences: 1, Open: true, Summary: "Recommended transfer: 0.01"})
}

// TestABudgetHasAnAlertForEachPeriod: each ends on its own.
func TestABudgetHasAnAlertForEachPeriod(t *testing.T) {
	h := newAlertHouse(t)
	daily, monthly := int64(1000), int64(10_000)
	say := func(today, month int64) {
		a := accountWith(nil, 0)
		a.Spec.Budget = &v1alpha1.Budget{DailyCents: &daily, MonthlyCents: &monthly, WarnAtPercent: 80}
		a.Status.SpentTodayCents, a.Status.SpentThisMonthCents = today, month
		h.tell(t.Context(), a, waitingOrders{})
	}
	day := alertRow{Kind: KindBudgetNearlyUsed, Severity: ledger.SeverityWarning, Occurrences: 1, Open: true, Summary: "80 % of the daily budget"}
	month := alertRow{Kind: KindBudgetNearlyUsed, Severity: ledger.SeverityWarning, Occurrences: 1, Open: true, Summary: "100 % of the monthly budget"}
	say(799, 799)
	h.expect("room")
	say(800, 800)
	h.expect("the day's mark", day)
	day.Open = false
	say(0, 10_000)
	h.expect("another day, and the month is used up", day, month)
	if v := testutil.ToFloat64(h.metrics.AccountBudget.WithLabelValues("shop", "main", periodMonthly)); v != float64(budgetUsedUp) {
		t.Errorf("the metric says %v", v)
	}
	month.Open = false
	h.tell(t.Context(), accountWith(nil, 0), waitingOrders{})
	h.expect("there is no budget any more", day, month)
	if n := testutil.CollectAndCount(h.metrics.AccountBudget); n != 0 {
		t.Errorf("%d budgets are left in the metric", n)
	}
}

// TestAlertsOfOneAccountLeaveOthersAlone, also when the account is deleted.
func TestAlertsOfOneAccountLeaveOthersAlone(t *testing.T) {
	h := newAlertHouse(t)
	nothing := int64(0)
	h.tell(t.Context(), accountWith(&nothing, 0), waitingOrders{})
	other := accountWith(&nothing, 0)
	other.Name = "main-2"
	h.tell(t.Context(), other, waitingOrders{})
	plenty := int64(1_000_000)
	other.Status.BalanceCents = &plenty
	h.tell(t.Context(), other, waitingOrders{})
	h.gone(t.Context(), types.NamespacedName{Namespace: "shop", Name: "main-2"}, true)
	open := func() (n int) {
		for _, row := range h.rows() {
			if row.Open {
				n++
			}
		}
		return n
	}
	if n := open(); n != 1 {
		t.Errorf("%d alerts are open, want that of main alone", n)
	}
	h.gone(t.Context(), types.NamespacedName{Namespace: "shop", Name: "main"}, true)
	if n := open(); n != 0 {
		t.Errorf("%d alerts are open for an account that is deleted", n)
	}
}

// TestALedgerThatIsAwayOnlyDelaysTheAlert: the next reading raises it.
func TestALedgerThatIsAwayOnlyDelaysTheAlert(t *testing.T) {
	h := newAlertHouse(t)
	nothing := int64(0)
	l, err := ledger.Open(t.Context(), ledger.Options{URL: h.url, Now: h.now, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	back := h.ledger
	h.ledger = l
	h.tell(t.Context(), accountWith(&nothing, 0), waitingOrders{})
	h.expect("nothing can be written")
	h.ledger = back
	h.tell(t.Context(), accountWith(&nothing, 0), waitingOrders{})
	h.expect("it is back", alertRow{Kind: KindBalanceCritical, Severity: ledger.SeverityCritical, Occurrences: 1, Open: true})
}
