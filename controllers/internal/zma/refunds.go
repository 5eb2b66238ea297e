package zma

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// refundSlack widens the walk: the provider's clock and ours may differ.
const refundSlack = 15 * time.Minute

// Refunds walks the balance's movements, latest first. It ends with a page
// without news, as at the end of the list or where the provider ignores the
// offset, or with one that is older than the order.
func (c *v1) Refunds(ctx context.Context, requestID string, since time.Time) ([]Refund, error) {
	if !plainWord(requestID) {
		return nil, notAnID(callTransactions)
	}
	var out []Refund
	seen, known := map[string]bool{}, map[string]bool{}
	offset := 0
	for range maxMovementsPages {
		entries, err := c.movements(ctx, movementsPage, offset)
		if err != nil {
			return nil, err
		}
		page, news := readMovements(entries, seen)
		for _, r := range refundsOf(requestID, page) {
			if !known[r.Reference] {
				known[r.Reference] = true
				out = append(out, r)
			}
		}
		if !news || older(page, since.Add(-refundSlack)) {
			break
		}
		offset += len(entries)
	}
	return out, nil
}

// readMovements reads a page. news tells whether it held anything not seen
// before, readable or not.
func readMovements(entries []json.RawMessage, seen map[string]bool) (page []Transaction, news bool) {
	for _, raw := range entries {
		news = news || !seen[string(raw)]
		seen[string(raw)] = true
		if t, ok := transaction(raw); ok {
			page = append(page, t)
		}
	}
	return page, news
}

// older tells whether a whole page is from before a time. Movements without a
// time leave it open.
func older(page []Transaction, than time.Time) bool {
	for _, t := range page {
		if t.CreatedAt.IsZero() || !t.CreatedAt.Before(than) {
			return false
		}
	}
	return len(page) > 0
}

// refundsOf gives what came back for an order on one page. A movement without an
// ID gets a reference made of all that tells it from others, which is the same
// each time. Among equals it is their index on the page: new movements that push
// one on to the next page, where it is read again, must not make two refunds of
// it.
func refundsOf(requestID string, page []Transaction) []Refund {
	var out []Refund
	equals := map[string]int{}
	for _, t := range page {
		if t.RequestID != requestID || t.AmountCents <= 0 || debit(t.Type) {
			continue
		}
		reference := t.ID
		if reference == "" {
			made := fmt.Sprintf("%s/%d/%d", t.Type, t.AmountCents, t.CreatedAt.UnixMilli())
			reference = fmt.Sprintf("%s/%d", made, equals[made])
			equals[made]++
		}
		out = append(out, Refund{Reference: reference, Cents: t.AmountCents})
	}
	return out
}

// debit tells whether a type is the order's own charge, should the provider write
// charges without a sign.
func debit(kind string) bool {
	switch strings.ToLower(kind) {
	case "order", "debit", "charge", "purchase":
		return true
	}
	return false
}
