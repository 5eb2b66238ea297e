package oracle

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Violation is one order that broke a promise.
type Violation struct {
	Script Script
	Err    error
	Order  Order
}

// Error is the violation in words: what was done, predicted and seen.
func (v Violation) Error() string {
	if v.Script.ID == "" {
		return v.Err.Error() // of no one order
	}
	var predicted []string
	for _, e := range Predict(v.Script) {
		predicted = append(predicted, e.String())
	}
	return fmt.Sprintf("%s\n  predicted: %s\n  seen: %s attempt %d; %s\n  wrong: %s", v.Script,
		strings.Join(predicted, "; or "), v.Order.Reason, v.Order.Attempt, v.Order.Conditions,
		strings.ReplaceAll(v.Err.Error(), "\n", "\n         "))
}

// Judge compares the ends of all orders with what was predicted.
func Judge(scripts []Script, e Evidence) []Violation {
	var out []Violation
	books := open(e)
	for _, s := range scripts {
		if err := judge(s, books); err != nil {
			out = append(out, Violation{Script: s, Err: err, Order: e.Orders[s.ID]})
		}
	}
	if err := errors.Join(strangers(scripts, books), books.unknownMails()); err != nil {
		out = append(out, Violation{Err: err})
	}
	return out
}

func judge(s Script, b *books) error {
	o, exists := b.Orders[s.ID]
	if !exists {
		return errors.Join(errors.New("the order is lost: the cluster does not have it"), safe(s, b))
	}
	return errors.Join(safe(s, b), b.end(s, o), b.mails(s))
}

// end finds the predicted end that fits what is seen.
func (b *books) end(s Script, o Order) error {
	var misfits []error
	for _, e := range Predict(s) {
		if e.Reason != o.Reason {
			continue
		}
		err := errors.Join(b.fits(s, e, o), b.money(s, e))
		if err == nil {
			return nil
		}
		misfits = append(misfits, err)
	}
	if len(misfits) == 0 {
		return fmt.Errorf("the end %q is none of those predicted", o.Reason)
	}
	return errors.Join(misfits...)
}

// fits compares the order's own account with the provider's.
func (b *books) fits(s Script, e End, o Order) error {
	var errs []error
	if o.Standing() != e.Standing {
		errs = append(errs, fmt.Errorf("with the end %s it is %q, want %s", e.Reason, o.Standing(), e.Standing))
	}
	keys := len(b.keys[s.Identity])
	if keys < e.MinKeys || keys > e.MaxKeys {
		errs = append(errs, fmt.Errorf("%d keys were sent, want %d to %d", keys, e.MinKeys, e.MaxKeys))
	}
	if e.Money == Kept || e.Money == Returned {
		errs = append(errs, b.same(s, o))
	}
	return errors.Join(append(errs, answered(s, e, o))...)
}

// answered checks that whoever asked for a cancellation got an answer: an order
// stays bought only after a refusal.
func answered(s Script, e End, o Order) error {
	switch {
	case s.Cancelled() && s.Recreated:
		return nil // the order was made again without the wish, or was not; either is well
	case e.Reason == v1alpha1.ReasonCancelledAfterPlacement && o.CancelAnswer != v1alpha1.ReasonSucceeded,
		s.Cancelled() && e.Standing == Ready && o.CancelAnswer != v1alpha1.ReasonCancellationRefused,
		!s.Cancelled() && o.CancelAnswer != "" && e.Standing == Ready:
		return fmt.Errorf("cancelled is %t, and it is %s with the answer %q", s.Cancelled(), e.Reason, o.CancelAnswer)
	}
	return nil
}

// same checks that the order names the purchase that was made for it.
func (b *books) same(s Script, o Order) error {
	for _, p := range b.purchases[s.Identity] {
		if p.RequestID != o.RequestID || p.Key != o.Key || p.Attempt != o.Attempt {
			return fmt.Errorf("the order names request %s, key %s, attempt %d; bought were request %s, key %s, attempt %d",
				o.RequestID, o.Key, o.Attempt, p.RequestID, p.Key, p.Attempt)
		}
	}
	return nil
}

// strangers finds purchases and calls of identities that nobody ordered.
func strangers(scripts []Script, b *books) error {
	known := map[string]bool{}
	for _, s := range scripts {
		known[s.Identity] = true
	}
	var errs []error
	for _, q := range b.Record.Requests {
		if isPaidCall(q) && !known[q.Identity] {
			errs = append(errs, fmt.Errorf("a paid call was made for %q, which nobody ordered", q.Identity))
		}
	}
	return errors.Join(errs...)
}

func isPaidCall(q zmasim.Request) bool { return q.Method == "POST" && q.Path == "/v1/orders" }
