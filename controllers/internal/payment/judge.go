package payment

import (
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// paymentIntent is what is read of Stripe's PaymentIntent. Amounts are in minor
// units.
type paymentIntent struct {
	Object         string  `json:"object"`
	ID             string  `json:"id"`
	Status         string  `json:"status"`
	AmountReceived int64   `json:"amount_received"`
	Currency       string  `json:"currency"`
	Livemode       *bool   `json:"livemode"`
	LatestCharge   *charge `json:"latest_charge"`
}

// charge is what is read of the PaymentIntent's latest charge.
type charge struct {
	Status         string `json:"status"`
	Captured       *bool  `json:"captured"`
	AmountRefunded *int64 `json:"amount_refunded"`
	Refunded       *bool  `json:"refunded"`
	Disputed       *bool  `json:"disputed"`
}

// want is what a payment has to be.
type want struct {
	cents    int64
	currency string
	live     bool
}

// wantOf demands the larger of what the order costs the customer and what the
// sender says was paid: neither may be used to pay less.
func wantOf(o *v1alpha1.ZMAOrder, live bool) want {
	w := want{cents: o.Spec.Total.AmountCents, currency: o.Spec.Total.Currency, live: live}
	if paid := o.Spec.Payment.AmountCents; paid != nil {
		w.cents = max(w.cents, *paid)
	}
	return w
}

// judge says what a PaymentIntent is worth. Only money that has been received and
// is still there counts: an authorisation is none.
func judge(p *paymentIntent, w want) (Result, error) {
	if p.Livemode == nil {
		return Result{}, ErrUnreadable
	}
	if *p.Livemode != w.live {
		return invalid("The payment's mode, live or test, is not that of the account's key.")
	}
	if p.Status != "succeeded" {
		return unfinished(p.Status), nil
	}
	if !strings.EqualFold(p.Currency, w.currency) {
		return invalid("The payment is in another currency than the order.")
	}
	if p.AmountReceived < w.cents {
		return invalid("The payment does not cover the order.")
	}
	return judgeCharge(p.LatestCharge)
}

// unfinished maps the states of a PaymentIntent that has not succeeded. Those not
// known wait: a state that Stripe adds must neither buy nor refuse.
func unfinished(status string) Result {
	switch status {
	case "canceled":
		return Result{State: Invalid, Reason: "The payment was cancelled."}
	case "requires_capture":
		return Result{State: Pending, Reason: "The payment is authorised but not captured."}
	case "processing":
		return Result{State: Pending, Reason: "The payment is being processed."}
	default:
		return Result{State: Pending, Reason: "The payment is not complete."}
	}
}

// judgeCharge looks for money that has gone back. A field that is missing is no
// proof that it has not.
func judgeCharge(c *charge) (Result, error) {
	if c == nil || c.Captured == nil || c.Refunded == nil || c.AmountRefunded == nil || c.Disputed == nil {
		return Result{}, ErrUnreadable
	}
	switch {
	case *c.Refunded || *c.AmountRefunded > 0:
		return invalid("The payment was refunded, in whole or in part.")
	case *c.Disputed:
		return invalid("The payment is disputed.")
	case c.Status != "succeeded" || !*c.Captured:
		return Result{State: Pending, Reason: "The payment's charge is not complete."}, nil
	}
	return Result{State: Verified, Reason: "The payment is received and covers the order."}, nil
}

func invalid(reason string) (Result, error) { return Result{State: Invalid, Reason: reason}, nil }
