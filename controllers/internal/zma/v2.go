package zma

import (
	"context"
	"net/http"
	"time"
)

// NewV2 makes a client of version 2 of the API. Its base URL is not the one of
// version 1, and a version 1 token is not taken there.
func NewV2(c Config) (Client, error) {
	made, err := newCaller(c, "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+c.Token) })
	if err != nil {
		return nil, err
	}
	return &v2{caller: made}, nil
}

type v2 struct{ caller }

// Balance reads the wallet. What can be spent is the balance less what the provider
// holds back for orders under way. Whoever asks takes off what it has reserved for
// these same orders, so the balance before the holds is what counts; to take them off
// twice would leave orders waiting that the wallet can pay. Where the two do not tell
// what is held back, the smaller counts.
func (c *v2) Balance(ctx context.Context) (Balance, error) {
	a, failed := c.do(ctx, callBalance, http.MethodGet, "/wallet/me", nil)
	if failed != nil {
		return Balance{}, unanswered(callBalance, failed)
	}
	var wallet struct {
		Balance   cents `json:"balance"`
		Spendable cents `json:"spendable_balance"`
	}
	if a.status/100 != 2 || decode(a.body, &wallet) != nil || !wallet.Spendable.ok {
		return Balance{}, c.v2CallError(callBalance, a, nil)
	}
	if !wallet.Balance.ok {
		return Balance{AvailableCents: wallet.Spendable.value}, nil
	}
	return Balance{AvailableCents: wallet.Balance.value, PendingCents: max(0, wallet.Balance.value-wallet.Spendable.value)}, nil
}

// automaticRefund is the reference of the only refund that version 2 documents:
// it pays an order back by itself when the retailer cancels it.
const automaticRefund = "automatic"

// Refunds gives the whole total of an order that the retailer has cancelled. An
// order whose price is not known has none yet: an amount must never be guessed.
func (c *v2) Refunds(ctx context.Context, requestID string, _ time.Time) ([]Refund, error) {
	seen, err := c.Get(ctx, requestID)
	if err != nil {
		return nil, err
	}
	if seen.Phase != CancelledByRetailer || seen.Price == nil {
		return nil, nil
	}
	return []Refund{{Reference: automaticRefund, Cents: seen.Price.TotalCents}}, nil
}
