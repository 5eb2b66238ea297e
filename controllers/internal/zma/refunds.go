package zma

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
		c.countOdd(requestID, page)
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
		if t.RequestID != requestID || t.AmountCents <= 0 || kindOf(t.Type) != paidBack {
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

// movementKind is what a movement of the balance is for an order.
type movementKind int

const (
	// oddMovement is of no known type: it may be a charge that is written without its
	// sign, and one taken for a refund would make the books too cheerful.
	oddMovement movementKind = iota
	charged
	paidBack
)

// kindOf reads a type, in any writing of its words. The provider documents none; these
// are the ones that say what they are.
func kindOf(kind string) movementKind {
	kind = strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(kind)))
	switch {
	case slices.Contains(chargeTypes(), kind):
		return charged
	case slices.Contains(refundTypes(), kind):
		return paidBack
	}
	return oddMovement
}

func chargeTypes() []string { return []string{"order", "debit", "charge", "purchase"} }

func refundTypes() []string {
	return []string{
		"refund", "credit", "order_refund", "order_credit", "partial_refund", "full_refund", "refund_partial", "refund_full",
		"case_refund_partial", "case_refund_full", "return_refund", "cancellation_refund",
	}
}

// countOdd counts movements of an order whose type is not known, each type once while
// the process runs: nothing is booked for them, so somebody has to hear of them.
func (c *v1) countOdd(requestID string, page []Transaction) {
	for _, t := range page {
		if t.RequestID != requestID || kindOf(t.Type) != oddMovement {
			continue
		}
		if _, counted := c.odd.LoadOrStore(t.Type, true); !counted && c.Metrics != nil {
			c.Metrics.UnknownCodes.Inc()
		}
	}
}
