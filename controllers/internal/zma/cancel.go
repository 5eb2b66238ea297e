package zma

import (
	"context"
	"errors"
)

// Cancel asks to cancel one merchant order. Its ID is the retailer's, and is
// never part of a path.
func (c *v1) Cancel(ctx context.Context, requestID, merchantOrderID string) (string, error) {
	if merchantOrderID == "" || whole(merchantOrderID, maxMerchantOrder) != merchantOrderID {
		return "", unsent(callCancel, errors.New("not a merchant order ID"))
	}
	return c.begin(ctx, callCancel, requestID, "/cancel", map[string]string{"merchant_order_id": merchantOrderID})
}

// Cancellation reads a cancellation. In about half of the cases its first result
// is an error that says that the retailer has been asked, which is no refusal.
func (c *v1) Cancellation(ctx context.Context, id string) (Cancellation, error) {
	p, err := c.follow(ctx, callCancellation, "/cancellations/", id, "cancellation_response")
	switch {
	case err != nil:
		return Cancellation{}, err
	case p.pending:
		return Cancellation{State: CancellationPending, Code: p.code}, nil
	case p.code != "":
		return Cancellation{State: CancellationRefused, Code: p.code}, nil
	}
	return Cancellation{State: CancellationDone}, nil
}
