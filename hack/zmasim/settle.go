package zmasim

import (
	"fmt"
	"hash/fnv"
	"time"
)

// verdict is what becomes of an order when its processing ends.
type verdict struct {
	phase   phase
	bought  bool // also with an error: order_probably_placed
	code    string
	message string
	data    map[string]any
	prices  PriceComponents
}

func failure(code string, data map[string]any) verdict {
	return verdict{phase: phaseFailed, code: code, message: "The order ended with " + code + ".", data: data}
}

// decide is the verdict for an order, given the balance in cents.
func decide(o *order, balance int64) verdict {
	sc := o.scenario
	switch {
	case o.AbortWanted && sc.abort == abortPending:
		return failure("aborted_request", map[string]any{"msg": "Order aborted and dequeued"})
	case sc.review && o.Phase == phaseProcessing:
		return verdict{phase: phaseReview, code: "manual_review_required", message: "The order is under review."}
	case sc.nested:
		inner := map[string]any{"_type": "error", "code": sc.code, "data": map[string]any{}, "request_id": o.ID}
		return verdict{phase: phaseFailed, code: sc.code, data: inner}
	case sc.code != "" && (!sc.onlyFirst || o.Ordinal == 0):
		return byCode(o, sc.code)
	}
	return decideByPrice(o.req, balance)
}

func byCode(o *order, code string) verdict {
	v := failure(code, dataFor(code, o))
	if code == "order_probably_placed" {
		v.bought, v.prices = true, o.req.quote()
	}
	return v
}

func decideByPrice(r orderRequest, balance int64) verdict {
	p := r.quote()
	switch {
	case r.Retailer != "" && r.Retailer != "amazon":
		return failure("unknown_retailer", nil)
	case overItemPrice(r.Products) != "":
		return failure("product_unavailable", map[string]any{"product_id": overItemPrice(r.Products)})
	case r.method() == "free" && p.Shipping > 0:
		return failure("no_free_shipping", nil)
	case r.Shipping != nil && r.Shipping.MaxPrice != nil && p.Shipping > *r.Shipping.MaxPrice:
		return failure("shipping_method_unavailable", nil)
	case p.Total > r.maxPriceCents():
		return failure("max_price_exceeded", map[string]any{"max_price": r.maxPriceCents(), "price_components": p})
	case p.Total > balance:
		return failure("insufficient_zma_balance", nil)
	}
	return verdict{phase: phaseSucceeded, bought: true, prices: p}
}

// overItemPrice names the first product of which no offer is cheap enough.
func overItemPrice(products []product) string {
	for _, p := range products {
		if limit := p.Seller.MaxItemPrice; limit != nil && PriceOf(p.ProductID) > *limit {
			return p.ProductID
		}
	}
	return ""
}

func dataFor(code string, o *order) map[string]any {
	switch code {
	case "product_unavailable", "expired_product_id", "unsupported_product_id", "invalid_product_id":
		return map[string]any{"product_id": o.ProductID}
	case "max_price_exceeded":
		return map[string]any{"max_price": o.req.maxPriceCents(), "price_components": o.req.quote()}
	case "max_quantity_exceeded":
		return map[string]any{"product_id": o.ProductID, "maximum_quantity": 1, "desired_quantity": o.req.Products[0].Quantity}
	case "invalid_request":
		return map[string]any{"validator_errors": []validatorError{{Path: "products", Message: "is refused"}}}
	}
	return nil
}

func (s *Server) scheduleSettle(o *order) {
	if o.DueAt.IsZero() {
		return
	}
	s.after(o.DueAt.Sub(s.opts.Now()), func() { s.settle(o) })
}

func (s *Server) settle(o *order) {
	s.update(func() {
		if o.processing() {
			s.apply(o, decide(o, s.balance))
		}
	})
}

func (s *Server) apply(o *order, v verdict) {
	now := s.opts.Now()
	if v.bought {
		s.buy(o, v.prices, now)
	}
	o.Phase, o.Code, o.Message, o.Data = v.phase, v.code, v.message, v.data
	switch v.phase {
	case phaseReview:
		o.DueAt = now.Add(s.opts.Processing)
		s.scheduleSettle(o)
	case phaseSucceeded:
		s.succeed(o, now)
	default:
		o.OutcomeAt = now
		o.addUpdate(now, "request.failed", "Request failed", map[string]any{"success": false, "code": v.code})
	}
	s.noteOrder(o)
	s.fire(o, outcomeEvent(o))
	s.fire(o, "status_updated")
}

func outcomeEvent(o *order) string {
	if o.Phase == phaseSucceeded {
		return "request_succeeded"
	}
	return "request_failed"
}

func (s *Server) buy(o *order, p PriceComponents, now time.Time) {
	o.Prices = p
	s.book(o.ID, -p.Total, "order")
	index := len(s.record.Purchases)
	s.record.Purchases = append(s.record.Purchases, Purchase{
		At: now, RequestID: o.ID, Key: o.Key, Identity: o.Identity, Attempt: o.Attempt, TotalCents: p.Total,
	})
	s.purchaseOf[o.ID] = index
	s.notePurchase(index)
}

func (s *Server) succeed(o *order, now time.Time) {
	o.OutcomeAt = now
	o.split()
	o.addUpdate(now, "request.placed", "Order placed", nil)
	o.addUpdate(now, "request.finished", "Request finished", map[string]any{"success": true})
	if o.scenario.stranger {
		o.addUpdate(now, "order.cancelled", "The retailer cancelled a merchant order", map[string]any{"merchant_order_id": "112-9999999-9999999"})
	}
	s.scheduleAfterSuccess(o)
}

// split divides the order among merchant orders and parcels. The shares add up to
// the total: the last takes the remainder.
func (o *order) split() {
	number := fnv.New64a()
	_, _ = number.Write([]byte(o.ID)) // never fails
	merchants, parcels := 1, 1
	if o.scenario.split {
		merchants, parcels = 2, 3
	}
	pieces := o.productIDs()
	if o.scenario.pieces {
		parcels = len(pieces)
	}
	left := o.Prices.Total
	for i := range merchants {
		share := left / int64(merchants-i)
		left -= share
		id := fmt.Sprintf("112-%07d-%07d", number.Sum64()%10_000_000, number.Sum64()/10_000_000%1_000_000*10+uint64(i))
		o.MerchantOrders = append(o.MerchantOrders, merchantOrder{ID: id, ShareCents: share})
	}
	for i := range parcels {
		p := parcel{
			MerchantOrderID: o.MerchantOrders[i*merchants/parcels].ID,
			Number:          fmt.Sprintf("ZPYAA%012d%dYQ", number.Sum64()%1_000_000_000_000, i),
		}
		if o.scenario.pieces {
			p.ProductIDs = pieces[i : i+1]
		}
		o.Parcels = append(o.Parcels, p)
	}
}
