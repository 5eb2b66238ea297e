package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// tries of a webhook, and the pause between two: a shop sends again what was not
// accepted.
const (
	tries      = 5
	pauseOfTry = time.Second
)

// send delivers n orders, evenly over a time, and returns their external IDs. One
// that takes long delays those after it, which then follow at once.
func (s *scene) send(ctx context.Context, prefix string, n int, over time.Duration) ([]string, error) {
	start, ids := time.Now(), make([]string, n)
	for i := range ids {
		due := start.Add(over * time.Duration(i) / time.Duration(n))
		if err := until(ctx, due); err != nil {
			return nil, err
		}
		ids[i] = fmt.Sprintf("%s-%04d", prefix, i+1)
		if err := s.sendOne(ctx, ids[i]); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (s *scene) sendOne(ctx context.Context, id string) error {
	o := shop.NewOrder(id, shop.Item{
		ProductID: zmasim.ProductOK, Quantity: 1, UnitPriceCents: zmasim.PriceOf(zmasim.ProductOK), Title: "Something good",
	})
	var status int
	for range tries {
		answer, err := s.sender.Send(ctx, "msg-"+id, o.JSON())
		if err != nil {
			return err
		}
		status = answer.Status
		if status == http.StatusAccepted || status == http.StatusOK {
			return nil
		}
		if err := until(ctx, time.Now().Add(pauseOfTry)); err != nil {
			return err
		}
	}
	return fmt.Errorf("order %s was not accepted: the webhook answered %d", id, status)
}

// until waits for a time.
func until(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// names of the orders' objects.
func names(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = v1alpha1.OrderNameFor(shop.SourceName, id)
	}
	return out
}

// identity of an order as the provider sees it.
func identity(id string) string { return namespace + "/" + shop.SourceName + "/" + id }
