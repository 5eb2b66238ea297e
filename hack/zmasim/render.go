package zmasim

import "time"

// render is the order as GET gives it at this moment, which is also the body of
// its callbacks.
func (o *order) render() map[string]any {
	body := map[string]any{
		"request_id":     o.ID,
		"request":        o.echo,
		"_created_at":    stamp(o.CreatedAt),
		"host":           "simulator",
		"status_updates": orEmpty(o.Updates),
	}
	if o.Phase == phaseSucceeded {
		o.renderSuccess(body)
		return body
	}
	body["_type"] = "error"
	body["code"], body["message"], body["data"] = o.Code, o.Message, o.Data
	if o.Phase == phaseProcessing {
		body["code"] = "request_processing"
		body["message"] = "Request is currently processing and will complete soon."
	}
	if o.Data == nil {
		body["data"] = map[string]any{}
	}
	if o.Message == "" && o.Phase == phaseFailed {
		delete(body, "message")
	}
	return body
}

func (o *order) renderSuccess(body map[string]any) {
	body["_type"] = "order_response"
	body["price_components"] = o.renderPrices()
	body["merchant_order_ids"] = o.renderMerchantOrders()
	body["tracking"] = o.renderTracking()
	body["delivery_dates"] = o.renderDeliveryDates()
	body["account_status"] = map[string]any{"prime": true, "fresh": false, "business": false, "charity": nil}
}

func (o *order) renderPrices() map[string]any {
	products := []map[string]any{}
	for _, p := range o.req.Products {
		products = append(products, map[string]any{
			"product_id": p.ProductID, "price": PriceOf(p.ProductID), "quantity": p.Quantity, "seller_id": "SIMSELLER00001",
		})
	}
	p := o.Prices.abroad(o.scenario.foreign)
	if o.scenario.discount {
		p = p.discounted()
	}
	return map[string]any{
		"subtotal": p.Subtotal, "shipping": p.Shipping, "tax": p.Tax, "total": p.Total,
		"currency": p.Currency, "payment_currency": p.PaymentCurrency,
		"converted_payment_total": p.ConvertedPaymentTotal, "products": products,
	}
}

func (o *order) renderMerchantOrders() []map[string]any {
	list := []map[string]any{}
	for _, m := range o.MerchantOrders {
		list = append(list, map[string]any{
			"merchant_order_id": m.ID, "merchant": "amazon", "account": "zma-account@example.com",
			"placed_at": stamp(o.OutcomeAt), "product_ids": o.productIDs(),
			"tracking_url": "https://retailer.example.com/orders/" + m.ID,
		})
	}
	return list
}

func (o *order) renderTracking() []map[string]any {
	list := []map[string]any{}
	for _, p := range o.Parcels {
		if p.ObtainedAt == nil {
			continue
		}
		status, at := "InTransit", *p.ObtainedAt
		if p.DeliveredAt != nil {
			status, at = "Delivered", *p.DeliveredAt
		}
		entry := map[string]any{
			"merchant_order_id": p.MerchantOrderID, "carrier": "ZNLOGIC", "tracking_number": p.Number,
			"tracking_url":             "https://tracking.example.com/" + p.Number,
			"retailer_tracking_number": p.retailerNumber(),
			"delivery_status":          status, "product_ids": o.productsOf(p), "obtained_at": stamp(at),
		}
		if o.scenario.renumbered {
			renumber(entry, p)
		}
		list = append(list, entry)
	}
	return list
}

func (p parcel) retailerNumber() string { return "TBA" + p.Number[len(p.Number)-12:] }

// renumber takes away one of a parcel's numbers: the provider's until it is
// delivered, the retailer's from then on.
func renumber(entry map[string]any, p parcel) {
	if p.DeliveredAt != nil {
		entry["retailer_tracking_number"] = nil
		return
	}
	entry["carrier"], entry["tracking_number"], entry["tracking_url"] = "AMZL", nil, nil
}

// productsOf are the pieces in a parcel.
func (o *order) productsOf(p parcel) []string {
	if len(p.ProductIDs) > 0 {
		return p.ProductIDs
	}
	return o.productIDs()
}

func (o *order) renderDeliveryDates() []map[string]any {
	date := o.OutcomeAt.Add(3 * 24 * time.Hour).UTC().Format("2006-01-02")
	products := []map[string]any{}
	for _, p := range o.req.Products {
		products = append(products, map[string]any{"product_id": p.ProductID, "quantity": p.Quantity})
	}
	return []map[string]any{{"date": date, "delivery_date": date, "products": products}}
}

// productIDs repeats an ID for each piece, as the provider does.
func (o *order) productIDs() []string {
	ids := []string{}
	for _, p := range o.req.Products {
		for range p.Quantity {
			ids = append(ids, p.ProductID)
		}
	}
	return ids
}

// orEmpty keeps an absent list from becoming null in JSON.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
