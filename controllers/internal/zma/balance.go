package zma

import (
	"context"
	"errors"
	"net/http"
)

// Balance reads the balance. Its shape is not documented, so each one that has
// been seen is taken; anything else is an error, never zero.
func (c *v1) Balance(ctx context.Context) (Balance, error) {
	a, failed := c.do(ctx, callBalance, http.MethodGet, "/addax/balance", nil)
	if failed != nil {
		return Balance{}, unanswered(callBalance, failed)
	}
	var b struct {
		Balance   cents `json:"balance"`
		Available cents `json:"available_balance"`
		Pending   cents `json:"pending_charges"`

		Currency string `json:"currency"`
	}
	if a.status/100 != 2 || decode(a.body, &b) != nil || (!b.Balance.ok && !b.Available.ok) {
		return Balance{}, c.callError(callBalance, a, answerCode(a.body), nil)
	}
	if has := currencyCode(b.Currency); c.Currency != "" && has != "" && has != c.Currency {
		return Balance{}, unreadable(callBalance, a, errors.New("the balance is in another currency than the account"))
	}
	if b.Available.ok {
		return Balance{AvailableCents: b.Available.value, PendingCents: b.Pending.value}, nil
	}
	return Balance{AvailableCents: b.Balance.value - b.Pending.value, PendingCents: b.Pending.value}, nil
}
