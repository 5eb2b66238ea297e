package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// history makes random operations on a few orders. What is random is drawn before
// anything runs, so that a seed names the same operations again.
type history struct {
	*rand.Rand
	orders int
}

// operation is one call; its error may be a refusal, never a failure.
type operation struct {
	name string
	run  func(*testing.T, *db) error
}

func (h history) next() operation {
	n, attempt := h.IntN(h.orders), []int64{1, 1, 1, 2, 2, 3}[h.IntN(6)]
	name := func(verb string) string { return fmt.Sprintf("%s order-%d attempt %d", verb, n, attempt) }
	switch h.IntN(10) {
	case 0, 1, 2:
		r := h.reservation(n, attempt)
		return operation{name("reserve"), func(t *testing.T, d *db) error {
			_, err := d.Reserve(t.Context(), r)
			return err
		}}
	case 3, 4:
		s := h.settlement(n, attempt)
		return operation{name("settle"), func(t *testing.T, d *db) error { return d.Settle(t.Context(), s) }}
	case 5, 6, 7:
		r := release(n, attempt)
		r.Outcome = []ledger.Outcome{"", "", ledger.OutcomeRefused, ledger.OutcomeCancelled}[h.IntN(4)]
		return operation{name("release"), func(t *testing.T, d *db) error { return d.Release(t.Context(), r) }}
	default:
		r := refund(n, fmt.Sprintf("txn-%d", h.IntN(3)), 1+h.Int64N(600))
		r.Attempt = attempt
		return operation{name("refund"), func(t *testing.T, d *db) error {
			_, err := d.Refund(t.Context(), r)
			return err
		}}
	}
}

func (h history) reservation(n int, attempt int64) ledger.Reservation {
	r := reservation(n, attempt)
	r.Account = fmt.Sprintf("account-%d", n%2)
	r.CustomerID = fmt.Sprintf("customer-%d", n%3)
	r.MaxPriceCents = h.Int64N(2000)
	r.Limits.DailyCents = ptr(int64(6000))
	if h.IntN(3) == 0 {
		r.Limits.AvailableCents = ptr(h.Int64N(5000))
	}
	return r
}

func (h history) settlement(n int, attempt int64) ledger.Settlement {
	s := settlement(n, attempt)
	a := &s.Actual
	a.SubtotalCents, a.ShippingCents, a.TaxCents = h.Int64N(1500), h.Int64N(200), h.Int64N(150)
	a.AdjustmentCents = h.Int64N(101) - 50
	if a.TotalCents = a.SubtotalCents + a.ShippingCents + a.TaxCents + a.AdjustmentCents; a.TotalCents < 0 {
		a.AdjustmentCents, a.TotalCents = a.AdjustmentCents-a.TotalCents, 0
	}
	if h.IntN(2) == 0 {
		s.Lost = ptr(h.reservation(n, attempt))
	}
	return s
}

// seed is random, unless PROPERTY_SEED repeats a failure.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64()
	if text := os.Getenv("PROPERTY_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat with PROPERTY_SEED=%d", s)
		}
	})
	return s
}

// allowed tells refusals from failures.
func allowed(err error) bool {
	switch kind(err) {
	case "", "closed", "attempt", "mismatch", "limit:daily", "limit:balance":
		return true
	}
	return false
}

func TestBooksBalanceAfterEachStepOfAnyHistory(t *testing.T) {
	s, posted := seed(t), map[string]int64{}
	for n := range uint64(4) {
		d := newDB(t)
		h := history{rand.New(rand.NewPCG(s, n)), 6}
		d.lived()
		for step := range 60 {
			d.clock.add(time.Duration(h.IntN(5)) * 7 * time.Minute)
			op := h.next()
			repeats := 1 + h.IntN(2)
			for range repeats {
				if err := op.run(t, d); !allowed(err) {
					t.Fatalf("history %d, step %d, %s: %v", n, step, op.name, err)
				}
			}
			t.Logf("history %d, step %d: %s", n, step, op.name)
			d.mustBalance()
		}
		d.countPosted(posted)
	}
	mustHavePosted(t, posted, "reserve", "settle", "release", "refund")
}

// Many workers do the same orders' work at once: each round must leave the books
// balanced, whichever of them was first.
func TestBooksBalanceWhateverRunsAtOnce(t *testing.T) {
	d := newDB(t)
	h := history{rand.New(rand.NewPCG(seed(t), 99)), 4}
	for round := range 15 {
		d.clock.add(time.Duration(h.IntN(5)) * 7 * time.Minute)
		errs := make([]error, 24)
		names := make([]string, len(errs))
		var wg sync.WaitGroup
		for i := 0; i < len(errs); i += 2 {
			op := h.next()
			for k := i; k < i+2; k++ {
				names[k] = op.name
				wg.Go(func() { errs[k] = op.run(t, d) })
			}
		}
		wg.Wait()
		for i, err := range errs {
			if !allowed(err) {
				t.Fatalf("round %d, %s: %v", round, names[i], err)
			}
		}
		d.mustBalance()
	}
	posted := map[string]int64{}
	d.countPosted(posted)
	mustHavePosted(t, posted, "reserve", "settle")
}

// lived gives a history a past with each kind of movement: by chance alone, one in
// some hundred would have none of one kind.
func (d *db) lived() {
	d.t.Helper()
	for n := range 2 {
		d.mustReserve(reservation(n, 1))
	}
	d.must(d.Release(d.t.Context(), release(0, 1)))
	d.must(d.Settle(d.t.Context(), settlement(1, 1)))
	_, err := d.Refund(d.t.Context(), refund(1, "txn-past", 100))
	d.must(err)
	d.mustBalance()
}

// countPosted adds what a history has posted, by kind.
func (d *db) countPosted(posted map[string]int64) {
	d.t.Helper()
	for _, kind := range []string{"reserve", "settle", "release", "refund"} {
		posted[kind] += value[int64](d, `SELECT count(*) FROM journal_transactions WHERE kind = $1`, kind)
	}
}

// mustHavePosted keeps histories from passing because nothing happened in them.
func mustHavePosted(t *testing.T, posted map[string]int64, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		if posted[kind] == 0 {
			t.Errorf("nothing was posted as %s: %v", kind, posted)
		}
	}
}
