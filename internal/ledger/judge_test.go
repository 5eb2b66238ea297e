package ledger_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

var errJudged = errors.New("held by the judge")

// oneAnHour refuses a customer's second order of an hour, and notes what it was told.
func oneAnHour(told *[]ledger.CustomerHistory) *ledger.Judge {
	return &ledger.Judge{LooksBack: true, Window: time.Hour, Decide: func(_ context.Context, h ledger.CustomerHistory) error {
		if told != nil {
			*told = append(*told, h)
		}
		if h.OrdersLastHour > 0 || h.DuplicateOf != "" {
			return errJudged
		}
		return nil
	}}
}

// TestOfManyOrdersAtOnceEachIsJudgedByThoseBefore has two customers order at once, at
// accounts in both orders, so that a circle of locks would show.
func TestOfManyOrdersAtOnceEachIsJudgedByThoseBefore(t *testing.T) {
	d := newDB(t)
	errs := make([]error, 32)
	var all sync.WaitGroup
	for n := range errs {
		o := sent(n, noon, func(o *v1alpha1.ZMAOrder) { o.Spec.Customer.ID = []string{"customer-1", "customer-2"}[n%2] })
		r := reserveOf(n, o)
		r.Account, r.Judge = []string{"main", "other"}[n/2%2], oneAnHour(nil)
		all.Go(func() { _, errs[n] = d.Reserve(t.Context(), r) })
	}
	all.Wait()
	admitted := 0
	for _, err := range errs {
		switch err { //nolint:errorlint // The judge's own error, not one that wraps it.
		case nil:
			admitted++
		case errJudged:
		default:
			t.Errorf("got %v", err)
		}
	}
	if admitted != 2 {
		t.Errorf("%d orders were admitted, want one of each customer", admitted)
	}
	for _, table := range []string{"order_identities", "order_attempts", "zma_cost_tracking"} {
		if n := value[int64](d, `SELECT count(*) FROM `+table); n != 2 {
			t.Errorf("%d rows in %s: a refusal leaves none", n, table)
		}
	}
}

// TestTheJudgeIsToldOfOtherOrdersOnly: what was sent before is not judged again, and an
// order that is tried again is no duplicate of itself.
func TestTheJudgeIsToldOfOtherOrdersOnly(t *testing.T) {
	d := newDB(t)
	var told []ledger.CustomerHistory
	o := sent(1, noon, nil)
	reserve := func(attempt int64, judge *ledger.Judge) (ledger.ReserveResult, error) {
		r := reserveOf(1, o)
		r.Attempt, r.IdempotencyKey, r.Judge = attempt, key(r.Identity, attempt), judge
		return d.Reserve(t.Context(), r)
	}
	_, err := reserve(1, oneAnHour(&told))
	d.must(err)
	never := &ledger.Judge{LooksBack: true, Decide: func(context.Context, ledger.CustomerHistory) error { return errJudged }}
	if got, err := reserve(1, never); err != nil || !got.Already {
		t.Errorf("what may have been sent is judged: %+v, %v", got, err)
	}
	d.must(d.Release(t.Context(), release(1, 1)))
	_, err = reserve(2, oneAnHour(&told))
	d.must(err)
	if diff := cmp.Diff([]ledger.CustomerHistory{{}, {}}, told); diff != "" {
		t.Errorf("the order was told of itself: %s", diff)
	}
	again := settlement(1, 2)
	d.must(d.Settle(t.Context(), again))
	if _, err := reserve(3, never); kind(err) != "closed" {
		t.Errorf("what was bought is judged: %v", err)
	}
}

// TestWhatTheJudgeIsTold of the customer, and that it is told nothing unasked.
func TestWhatTheJudgeIsTold(t *testing.T) {
	d := newDB(t)
	first := sent(1, noon, nil)
	d.mustReserve(reserveOf(1, first))
	for name, c := range map[string]struct {
		judge ledger.Judge
		want  ledger.CustomerHistory
	}{
		"one that looks back for duplicates": {ledger.Judge{LooksBack: true, Window: time.Hour},
			ledger.CustomerHistory{OrdersLastHour: 1, OrdersLastDay: 1, SpentLastDayCents: 1000, DuplicateOf: first.Name}},
		"one that looks back":         {ledger.Judge{LooksBack: true}, ledger.CustomerHistory{OrdersLastHour: 1, OrdersLastDay: 1, SpentLastDayCents: 1000}},
		"one that does not look back": {ledger.Judge{Window: time.Hour}, ledger.CustomerHistory{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got ledger.CustomerHistory
			r := reserveOf(2, sent(2, noon, nil))
			r.Judge = &c.judge
			r.Judge.Decide = func(_ context.Context, h ledger.CustomerHistory) error { got = h; return errJudged }
			if _, err := d.Reserve(t.Context(), r); !errors.Is(err, errJudged) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTheJudgeComesBeforeTheMoney: who is refused for good does not wait for a budget.
func TestTheJudgeComesBeforeTheMoney(t *testing.T) {
	d := newDB(t)
	r := reserveOf(1, sent(1, noon, nil))
	r.Limits = ledger.Limits{DailyCents: ptr[int64](0)}
	r.Judge = &ledger.Judge{Decide: func(context.Context, ledger.CustomerHistory) error { return errJudged }}
	if _, err := d.Reserve(t.Context(), r); !errors.Is(err, errJudged) {
		t.Errorf("got %v", err)
	}
	if n := value[int64](d, `SELECT count(*) FROM audit_log`); n != 0 {
		t.Errorf("%d rows in the trail: the judge's decision is the caller's to record", n)
	}
}
