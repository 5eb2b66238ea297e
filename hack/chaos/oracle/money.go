package oracle

import (
	"errors"
	"fmt"
)

// money compares provider, ledger and mirror for one order, to the cent.
func (b *books) money(s Script, e End) error {
	return errors.Join(b.debited(s, e), b.ledger(s, e), b.mirror(s, e))
}

// debited asks the provider: how often it was bought, and what came back.
func (b *books) debited(s Script, e End) error {
	bought := b.purchases[s.Identity]
	switch e.Money {
	case Nothing:
		if len(bought) != 0 {
			return fmt.Errorf("%s, but it was bought", e.Reason)
		}
	case Open:
		if len(bought) != 1 {
			return fmt.Errorf("%s, and it was bought %d times", e.Reason, len(bought))
		}
	case Kept, Returned:
		if len(bought) != 1 {
			return fmt.Errorf("%s, but it was bought %d times", e.Reason, len(bought))
		}
		if back := bought[0].Cancelled; back != (e.Money == Returned) {
			return fmt.Errorf("%s, but that the purchase was cancelled is %t", e.Reason, back)
		}
	}
	return nil
}

// spent is what an order has cost in the end, by the provider's balance.
func (b *books) spent(s Script) (cents int64) {
	for _, p := range b.purchases[s.Identity] {
		cents -= b.balance[p.RequestID]
	}
	return cents
}

func (b *books) ledger(s Script, e End) error {
	var errs []error
	settled, spent := 0, int64(0)
	for _, a := range b.Attempts[s.ID] {
		if a.State != a.CostState {
			errs = append(errs, fmt.Errorf("attempt %d is %s, its cost %s", a.Number, a.State, a.CostState))
		}
		if a.State == "settled" {
			settled++
			spent += a.TotalCents - a.RefundedCents
		}
		if a.State == "reserved" && !b.mayHold(e) {
			errs = append(errs, fmt.Errorf("%s, but attempt %d is still reserved", e.Reason, a.Number))
		}
		if a.Account != s.Account {
			errs = append(errs, fmt.Errorf("attempt %d counts against the account %q, want %q", a.Number, a.Account, s.Account))
		}
	}
	if want := len(b.purchases[s.Identity]); settled != want && e.Money != Open {
		errs = append(errs, fmt.Errorf("the ledger has %d settlements of %d purchases", settled, want))
	}
	if want := b.spent(s); spent != want && e.Money != Open {
		errs = append(errs, fmt.Errorf("the ledger has spent %d cents, the provider %d", spent, want))
	}
	return errors.Join(errs...)
}

// mayHold tells whether the ledger may hold money at an end: as long as something
// may yet be bought.
func (b *books) mayHold(e End) bool { return e.Standing == Waiting || unresolved(e.Reason) }

// mirror compares the database's row with the cluster and the provider. It holds
// what was debited; what came back stands in the ledger.
func (b *books) mirror(s Script, e End) error {
	m, ok := b.Mirrors[s.ID]
	if !ok {
		return errors.New("the order is not mirrored")
	}
	var errs []error
	if m.Reason != e.Reason && e.Standing != Waiting {
		errs = append(errs, fmt.Errorf("the mirror says %s, the cluster %s", m.Reason, e.Reason))
	}
	if e.Money == Open {
		return errors.Join(errs...)
	}
	var want *int64
	for _, p := range b.purchases[s.Identity] {
		want = &p.TotalCents
	}
	if (want == nil) != (m.ActualCents == nil) || (want != nil && *want != *m.ActualCents) {
		errs = append(errs, fmt.Errorf("the mirror has an actual total of %s cents, the provider debited %s", cents(m.ActualCents), cents(want)))
	}
	return errors.Join(errs...)
}

func cents(p *int64) string {
	if p == nil {
		return "no"
	}
	return fmt.Sprint(*p)
}
