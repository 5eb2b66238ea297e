package zmasim

import (
	"net/http"
	"net/url"
	"strconv"
)

// transaction is one movement of the balance, in cents; debits are negative.
type transaction struct {
	ID        string `json:"id"`
	Type      string `json:"type"` // order, refund or funding
	Amount    int64  `json:"amount"`
	Balance   int64  `json:"balance"`
	RequestID string `json:"request_id,omitempty"`
	CreatedAt string `json:"created_at"`
}

// SetBalance makes the balance cents, by a funding transaction over the difference.
func (s *Server) SetBalance(cents int64) {
	s.update(func() { s.book("", cents-s.balance, "funding") })
}

// book moves the balance. Every change of it goes through here, so that the
// transactions always add up to it.
func (s *Server) book(requestID string, amount int64, kind string) {
	s.balance += amount
	t := transaction{ID: newID(), Type: kind, Amount: amount, Balance: s.balance, RequestID: requestID, CreatedAt: stamp(s.opts.Now())}
	s.transactions = append(s.transactions, t)
	s.note(entry{Transaction: &t})
}

func (s *Server) getBalance(call) (a answer) {
	s.update(func() { a = jsonAnswer(http.StatusOK, s.opts.Switches.Balance.render(s.balance)) })
	return a
}

func (b BalanceShape) render(cents int64) map[string]any {
	switch b {
	case BalancePlain:
		return map[string]any{"balance": cents}
	case BalanceAvailable:
		return map[string]any{"available_balance": cents}
	case BalanceUnreadable:
		return map[string]any{"account": "open"}
	}
	return map[string]any{"balance": cents, "available_balance": cents, "pending_charges": 0, "currency": "USD"}
}

// getTransactions gives the latest first.
func (s *Server) getTransactions(c call) (a answer) {
	query := c.Request.URL.Query()
	count, offset := number(query, "count", 100), number(query, "offset", 0)
	s.update(func() {
		page := []transaction{}
		for i := len(s.transactions) - 1 - int(offset); i >= 0 && int64(len(page)) < count; i-- {
			page = append(page, s.transactions[i].shown(s.opts.Switches))
		}
		a = jsonAnswer(http.StatusOK, map[string]any{"transactions": page})
	})
	return a
}

// shown is the movement as the listing has it.
func (t transaction) shown(s Switches) transaction {
	if s.UnsignedCharges && t.Type == "order" {
		t.Type, t.Amount = "zma_order", -t.Amount
	}
	return t
}

// number reads a query value that is a whole number from 0; anything else counts as absent.
func number(query url.Values, name string, fallback int64) int64 {
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil || n < 0 {
		return fallback
	}
	return n
}
