package zma

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Pages of the balance's movements.
const (
	movementsPage     = 100
	maxMovementsPages = 20
)

// maxMovementID and maxMovementType bound a movement's texts in characters.
const (
	maxMovementID   = 128
	maxMovementType = 64
)

// Transactions reads one page of the balance's movements. The shape of neither
// list nor entries is documented, so each that has been seen is taken.
func (c *v1) Transactions(ctx context.Context, count, offset int) ([]Transaction, error) {
	entries, err := c.movements(ctx, count, offset)
	if err != nil {
		return nil, err
	}
	out := make([]Transaction, 0, len(entries))
	for _, raw := range entries {
		if t, ok := transaction(raw); ok {
			out = append(out, t)
		}
	}
	return out, nil
}

func (c *v1) movements(ctx context.Context, count, offset int) ([]json.RawMessage, error) {
	ctx, cancel := c.pageContext(ctx)
	defer cancel()
	query := url.Values{"count": {strconv.Itoa(max(1, count))}, "offset": {strconv.Itoa(max(0, offset))}}
	a, failed := c.do(ctx, callTransactions, http.MethodGet, "/addax/transactions?"+query.Encode(), nil)
	if failed != nil {
		return nil, unanswered(callTransactions, failed)
	}
	entries, ok := listIn(a.body, "transactions")
	if a.status/100 != 2 || !ok {
		return nil, c.callError(callTransactions, a, answerCode(a.body), nil)
	}
	return entries, nil
}

// transaction reads one movement; false without a readable amount, which must
// never be guessed.
func transaction(raw json.RawMessage) (Transaction, bool) {
	var b struct {
		ID        json.RawMessage `json:"id"`
		Type      string          `json:"type"`
		Amount    cents           `json:"amount"`
		RequestID string          `json:"request_id"`
		OrderID   string          `json:"order_id"`
		CreatedAt moment          `json:"created_at"`
		Made      moment          `json:"_created_at"`
	}
	_ = decode(raw, &b) // what can't be read stays empty
	t := Transaction{
		ID: movementID(b.ID), Type: cut(b.Type, maxMovementType), AmountCents: b.Amount.value,
		RequestID: firstOf(b.RequestID, b.OrderID), CreatedAt: b.CreatedAt.or(b.Made),
	}
	if !plainWord(t.RequestID) {
		t.RequestID = ""
	}
	return t, b.Amount.ok
}

// movementID reads a text or a number.
func movementID(raw json.RawMessage) string {
	var number json.Number
	if id := word(raw); id != "" {
		return whole(id, maxMovementID)
	}
	if json.Unmarshal(raw, &number) != nil {
		return ""
	}
	return whole(number.String(), maxMovementID)
}
