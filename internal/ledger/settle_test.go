package ledger_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestSettleRecordsCostOutcomeMailAndAuditOnce(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	s := settlement(1, 1)
	s.Mail = &ledger.Mail{Identity: s.Identity, Kind: "order-placed", Transition: "placed", Recipient: "a@example.com"}
	for range 3 {
		d.must(d.Settle(t.Context(), s))
	}
	got := value[string](d, `SELECT concat_ws(' ', state, estimated_cents, total_cents, variance_cents, unreserved) FROM zma_cost_tracking`)
	if want := "settled 800 850 50 f"; got != want {
		t.Errorf("cost row %q, want %q", got, want)
	}
	for table, want := range map[string]int64{"audit_log WHERE action = 'settle'": 1, "email_outbox": 1, "order_attempts": 1, "order_identities": 1} {
		if n := value[int64](d, `SELECT count(*) FROM `+table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
	h, err := d.History(t.Context(), s.Identity)
	d.must(err)
	want := &ledger.History{Outcome: ledger.OutcomeBought, Record: s.Record, Latest: ledger.Attempt{
		Number: 1, State: ledger.AttemptSettled, IdempotencyKey: key(s.Identity, 1), ProviderAccountID: "acct-1",
		RequestID: "req-1", MaxPriceCents: 1000, ReservedAt: noon}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

func TestSettleRefusesContradictions(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	tests := []struct {
		reason string
		order  int
		change func(*ledger.Settlement)
		want   string
	}{
		{"the same total again is a repeat", 1, func(*ledger.Settlement) {}, ""},
		{"another total for the same attempt", 1, func(s *ledger.Settlement) { s.Actual.TotalCents = 851 }, "mismatch"},
		{"parts that don't sum to the total", 2, func(s *ledger.Settlement) { s.Actual.TaxCents = 61 }, "invalid"},
		{"a negative part", 2, func(s *ledger.Settlement) { s.Actual.TaxCents, s.Actual.SubtotalCents = -40, 800 }, "invalid"},
		{"a record that is not JSON", 2, func(s *ledger.Settlement) { s.Record = []byte("{") }, "invalid"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			s := settlement(tc.order, 1)
			tc.change(&s)
			if err := d.Settle(t.Context(), s); kind(err) != tc.want {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if n := value[int64](d, `SELECT count(*) FROM zma_cost_tracking`); n != 1 {
		t.Errorf("a refused settlement left a row: %d rows", n)
	}
}

// TestARefusedCostSaysWhatIsWrongWithIt: a person has to find it at the provider.
func TestARefusedCostSaysWhatIsWrongWithIt(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	for want, change := range map[string]func(*v1alpha1.ActualCost){
		"the shipping is negative: -100 cents":         func(c *v1alpha1.ActualCost) { c.ShippingCents, c.TotalCents = -100, 650 },
		"the parts sum to 850 cents, the total is 900": func(c *v1alpha1.ActualCost) { c.TotalCents = 900 },
		"the total is negative: -1 cents":              func(c *v1alpha1.ActualCost) { c.AdjustmentCents, c.TotalCents = -861, -1 },
	} {
		s := settlement(1, 1)
		change(&s.Actual)
		if err := d.Settle(t.Context(), s); kind(err) != "invalid" || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestMoneyThatLeftIsRecordedWhateverTheLedgerKnew(t *testing.T) {
	tests := []struct {
		reason string
		before func(*db)
		lost   *ledger.Reservation
		want   string
	}{
		{"a rebuilt ledger that knows nothing", func(*db) {}, nil, "settled unreserved=t after_release=f account="},
		{"a rebuilt ledger that is told what was reserved", func(*db) {}, ptr(reservation(1, 1)),
			"settled unreserved=t after_release=f account=main"},
		{"an attempt that had been released", func(d *db) {
			d.mustReserve(reservation(1, 1))
			d.must(d.Release(d.t.Context(), release(1, 1)))
		}, nil, "settled unreserved=f after_release=t account=main"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			tc.before(d)
			s := settlement(1, 1)
			s.Lost = tc.lost
			d.must(d.Settle(t.Context(), s))
			d.must(d.Settle(t.Context(), s))
			got := value[string](d, `SELECT format('%s unreserved=%s after_release=%s account=%s',
				state, unreserved, settled_after_release, account) FROM zma_cost_tracking`)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if _, err := d.Reserve(t.Context(), reservation(1, 2)); kind(err) != "closed" {
				t.Errorf("a next attempt got %v, want closed", err)
			}
		})
	}
}

func TestRelease(t *testing.T) {
	refused := release(1, 1)
	refused.Outcome = ledger.OutcomeRefused
	closing := release(1, 0)
	closing.Outcome = ledger.OutcomeCancelled
	bought := release(1, 1)
	bought.Outcome = ledger.OutcomeBought
	reserve := func(d *db) { d.mustReserve(reservation(1, 1)) }
	settle := func(d *db) { reserve(d); d.must(d.Settle(d.t.Context(), settlement(1, 1))) }
	nothing := func(*db) {}
	tests := []struct {
		reason  string
		before  func(*db)
		release ledger.Release
		want    string
		outcome ledger.Outcome
		state   ledger.AttemptState
	}{
		{"a reserved attempt, order stays open", reserve, release(1, 1), "", "", ledger.AttemptReleased},
		{"a reserved attempt, order ends", reserve, refused, "", ledger.OutcomeRefused, ledger.AttemptReleased},
		{"a settled attempt has bought", settle, release(1, 1), "mismatch", ledger.OutcomeBought, ledger.AttemptSettled},
		{"a settled order can't be cancelled here", settle, closing, "mismatch", ledger.OutcomeBought, ledger.AttemptSettled},
		{"an order never seen gets its permanent row", nothing, closing, "", ledger.OutcomeCancelled, ""},
		{"an attempt that a rebuilt ledger does not know is kept in mind", nothing, release(1, 2), "", "", ledger.AttemptReleased},
		{"an order can't end while an attempt may have bought", reserve, closing, "attempt", "", ledger.AttemptReserved},
		{"a release is no purchase", reserve, bought, "invalid", "", ledger.AttemptReserved},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			tc.before(d)
			for range 2 {
				if err := d.Release(t.Context(), tc.release); kind(err) != tc.want {
					t.Fatalf("got %v, want %q", err, tc.want)
				}
			}
			h, err := d.History(t.Context(), identity(1))
			d.must(err)
			if h.Outcome != tc.outcome || h.Latest.State != tc.state {
				t.Errorf("outcome %q state %q, want %q %q", h.Outcome, h.Latest.State, tc.outcome, tc.state)
			}
			if tc.want == "" {
				if n := value[int64](d, `SELECT count(*) FROM audit_log WHERE action = 'release'`); n != 1 {
					t.Errorf("%d audit rows after a release and its repeat, want 1", n)
				}
			}
		})
	}
}

func TestAnotherOutcomeIsAMismatch(t *testing.T) {
	d := newDB(t)
	r := release(1, 0)
	r.Outcome = ledger.OutcomeRefused
	d.must(d.Release(t.Context(), r))
	r.Outcome = ledger.OutcomeCancelled
	var got *ledger.ErrMismatch
	if err := d.Release(t.Context(), r); !errors.As(err, &got) || got.Outcome != ledger.OutcomeRefused {
		t.Errorf("got %v, want *ErrMismatch that names refused", err)
	}
}

func TestHistoryOfAnUnknownOrderIsNil(t *testing.T) {
	d := newDB(t)
	if h, err := d.History(t.Context(), identity(9)); h != nil || err != nil {
		t.Errorf("got %v, %v", h, err)
	}
}

func TestCostSummaryAddsUpByCurrency(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	d.mustReserve(reservation(2, 1))
	euro := reservation(3, 1)
	euro.Currency, euro.Account = "EUR", "euro"
	d.mustReserve(euro)
	d.mustReserve(reservation(4, 1))
	d.must(d.Release(t.Context(), release(4, 1)))
	got, err := d.CostSummary(t.Context(), "shop")
	d.must(err)
	want := ledger.CostSummary{Totals: []ledger.CostTotals{
		{Currency: "EUR", Orders: 1, Open: 1, ReservedCents: 1000},
		{Currency: "USD", Orders: 2, Open: 1, ReservedCents: 1000, EstimatedCents: 800, SubtotalCents: 700,
			ShippingCents: 100, TaxCents: 60, AdjustmentCents: -10, ActualCents: 850, VarianceCents: 50},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Two replicas may find the same purchase at once after the ledger was rebuilt.
func TestManySettlementsAtOnceRecordOnePurchase(t *testing.T) {
	d := newDB(t)
	const orders, each = 20, 8
	errs := make([]error, orders*each)
	for n := range orders {
		d.mustReserve(reservation(n, 1))
		d.must(d.Release(t.Context(), release(n, 1)))
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				<-start
				errs[n*each+i] = d.Settle(t.Context(), settlement(n, 2))
			})
		}
		close(start)
		wg.Wait()
	}
	d.must(errors.Join(errs...))
	if n := value[int64](d, `SELECT count(*) FROM audit_log WHERE action = 'settle'`); n != orders {
		t.Errorf("%d audit rows of settlements, want %d", n, orders)
	}
}
