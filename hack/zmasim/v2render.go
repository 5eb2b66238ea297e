package zmasim

import (
	"encoding/json"
	"time"
)

// statusV2 is the order's status at a time.
func (o *order) statusV2(now time.Time) string {
	switch {
	case o.Phase == phaseProcessing && now.Before(o.startsAt()):
		return "pending"
	case o.processing():
		return "in_progress"
	case o.Phase == phaseFailed && o.Code == "aborted_request":
		return "cancelled"
	case o.Phase == phaseFailed:
		return "order_failed"
	case o.takenBack():
		return "cancelled_by_retailer"
	}
	return "order_placed"
}

// takenBack tells whether the retailer has cancelled all that it had placed.
func (o *order) takenBack() bool {
	for _, m := range o.MerchantOrders {
		if !m.Cancelled {
			return false
		}
	}
	return len(o.MerchantOrders) > 0
}

// renderV2 is the order as GET gives it at a time.
func (o *order) renderV2(now time.Time) map[string]any {
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(o.Body, &sent) // parsed before
	merchants := []string{}
	for _, m := range o.MerchantOrders {
		merchants = append(merchants, m.ID)
	}
	return map[string]any{
		"id": o.ID, "status": o.statusV2(now), "max_price": o.req.maxPriceCents(), "attempts": 1,
		"items": o.renderItemsV2(now), "shipping_address": sent["shipping_address"], "metadata": sent["metadata"],
		"is_gift": sent["is_gift"], "gift_message": sent["gift_message"], "po_number": nil, "retailer_credentials_id": nil,
		"job_result": o.renderResultV2(), "merchant_order_ids": merchants, "tracking_numbers": o.renderTrackingV2(),
		"returns": []any{}, "created_at": stamp(o.CreatedAt), "updated_at": stamp(now),
	}
}

func (o *order) renderItemsV2(now time.Time) []map[string]any {
	var r requestV2
	_ = json.Unmarshal(o.Body, &r) // parsed before
	items := []map[string]any{}
	for i, p := range r.Products {
		item := map[string]any{
			"id": o.ID, "url": p.URL, "quantity": p.quantity(), "variant": p.Variant, "status": o.itemStatusV2(now, p.asin()),
			"error_type": nil, "created_at": stamp(o.CreatedAt), "updated_at": stamp(now),
		}
		if o.scenario.itemGone && i > 0 && o.Phase == phaseSucceeded {
			item["status"], item["cancellation_reason"] = "cancelled", "out_of_stock"
		}
		if o.statusV2(now) == "order_failed" {
			item["error_type"] = errorTypeV2(o.Code)
		}
		items = append(items, item)
	}
	return items
}

func (o *order) itemStatusV2(now time.Time, productID string) string {
	switch o.statusV2(now) {
	case "pending":
		return "pending"
	case "in_progress":
		return "processing"
	case "order_failed":
		return "failed"
	case "order_placed":
		switch taken, all := o.stepsOf(productID); {
		case all > 0 && taken == all:
			return "delivered"
		case taken > 0:
			return "shipped"
		}
		return "ordered"
	}
	return "cancelled"
}

// renderResultV2 is null while the provider works on the order.
func (o *order) renderResultV2() map[string]any {
	switch o.Phase {
	case phaseFailed:
		code := errorTypeV2(o.Code)
		return map[string]any{"success": false, "error": "The order ended with " + code + ".", "error_type": code,
			"error_details": map[string]any{"code": code, "message": "The order ended with " + code + "."}}
	case phaseSucceeded:
		return map[string]any{
			"success": true, "error": nil, "error_type": nil, "price_components": o.renderPrices(),
			"merchant_order_ids": o.renderMerchantOrders(), "estimated_delivery": o.OutcomeAt.Add(3 * 24 * time.Hour).UTC().Format("2006-01-02"),
		}
	}
	return nil
}

func (o *order) renderTrackingV2() []map[string]any {
	list := []map[string]any{}
	for _, p := range o.Parcels {
		if p.ObtainedAt == nil {
			continue
		}
		status := "in_transit"
		if p.DeliveredAt != nil {
			status = "delivered"
		}
		list = append(list, map[string]any{
			"id": "tracking-" + p.Number, "carrier": "AMZN_US", "tracking_number": p.retailerNumber(),
			"zinc_tracking_number": p.Number, "zinc_tracking_url": "https://tracking.example.com/" + p.Number,
			"status": status, "estimated_delivery_date": nil, "checkpoints": []any{}, "created_at": stamp(*p.ObtainedAt),
		})
	}
	return list
}
