package ledger_test

import (
	"testing"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func refund(n int, reference string, cents int64) ledger.Refund {
	return ledger.Refund{Identity: identity(n), Attempt: 1, Reference: reference, Cents: cents, Actor: "controller"}
}

func TestARefundCountsOnceAndFreesTheBudget(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	for range 3 {
		if total, err := d.Refund(t.Context(), refund(1, "txn-1", 300)); err != nil || total != 300 {
			t.Fatalf("total %d, %v; want 300 however often it is read", total, err)
		}
	}
	if total, err := d.Refund(t.Context(), refund(1, "txn-2", 550)); err != nil || total != 850 {
		t.Errorf("total %d, %v; want 850", total, err)
	}
	if got := value[string](d, `SELECT concat_ws(' ', total_cents, refunded_cents, refunded_at IS NOT NULL) FROM zma_cost_tracking`); got != "850 850 t" {
		t.Errorf("cost row %q", got)
	}
	if n := value[int64](d, `SELECT count(*) FROM audit_log WHERE action = 'refund'`); n != 2 {
		t.Errorf("%d audit rows, want one for each movement", n)
	}
	spend, err := d.AccountSpend(t.Context(), "shop", "main", "UTC")
	if err != nil || spend.TodayCents != 0 {
		t.Errorf("%d cents count as spent today, %v; want none once all is back", spend.TodayCents, err)
	}
	r := reservation(2, 1)
	r.Limits.PerCustomerDailyCents = ptr(int64(1000))
	d.mustReserve(r)
}

func TestMoreMayComeBackThanWasPaid(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	if total, err := d.Refund(t.Context(), refund(1, "txn-1", 900)); err != nil || total != 900 {
		t.Errorf("total %d, %v", total, err)
	}
}

func TestWhatWasNotSpentCantComeBack(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	for name, r := range map[string]ledger.Refund{
		"an order that nobody knows":    refund(2, "txn-1", 300),
		"an attempt that is open":       refund(1, "txn-1", 300),
		"a movement in the wrong sense": refund(1, "txn-1", -300),
		"a movement of nothing":         refund(1, "txn-1", 0),
	} {
		if _, err := d.Refund(t.Context(), r); kind(err) != "mismatch" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
