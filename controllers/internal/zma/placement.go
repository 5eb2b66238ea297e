package zma

import (
	"encoding/json"
	"slices"
	"strings"
)

type priceAnswer struct {
	Subtotal cents  `json:"subtotal"`
	Shipping cents  `json:"shipping"`
	Tax      cents  `json:"tax"`
	Total    cents  `json:"total"`
	Currency string `json:"currency"`
	// What the account is charged for the total, and in which currency.
	Converted       cents  `json:"converted_payment_total"`
	PaymentCurrency string `json:"payment_currency"`
}

type parcelAnswer struct {
	Carrier        string `json:"carrier"`
	Number         string `json:"tracking_number"`
	URL            string `json:"tracking_url"`
	RetailerNumber string `json:"retailer_tracking_number"`
	RetailerURL    string `json:"retailer_tracking_url"`
	Status         string `json:"delivery_status"`
}

// placed reads what a placed order says.
func (o *orderAnswer) placed(out *Observation) {
	out.Phase = Placed
	out.Price = o.Prices.price()
	for _, raw := range elements(o.Merchant) {
		var m struct {
			ID string `json:"merchant_order_id"`
		}
		_ = decode(raw, &m) // what can't be read stays empty, and is left out below
		if id := whole(firstOf(m.ID, word(raw)), maxMerchantOrder); id != "" && !slices.Contains(out.MerchantOrderIDs, id) {
			out.MerchantOrderIDs = append(out.MerchantOrderIDs, id)
		}
	}
	if all := o.cancelled(out); all {
		out.Phase = CancelledByRetailer
	}
	for _, raw := range elements(o.Tracking) {
		if p, ok := parcel(raw); ok {
			out.Parcels = append(out.Parcels, p)
		}
	}
	for _, raw := range elements(o.DeliveryDates) {
		var d struct {
			Date         string `json:"date"`
			DeliveryDate string `json:"delivery_date"`
		}
		_ = decode(raw, &d) // what can't be read stays empty, and is left out below
		if date := whole(firstOf(firstOf(d.DeliveryDate, d.Date), word(raw)), maxDate); date != "" {
			out.DeliveryDates = append(out.DeliveryDates, date)
		}
	}
}

// price is nil without a total: parts alone do not say what was paid.
func (p *priceAnswer) price() *Price {
	if p == nil || !p.Total.ok {
		return nil
	}
	out := &Price{
		SubtotalCents: p.Subtotal.value, ShippingCents: p.Shipping.value, TaxCents: p.Tax.value, TotalCents: p.Total.value,
		AdjustmentCents: p.Total.value - p.Subtotal.value - p.Shipping.value - p.Tax.value, Currency: currencyCode(p.Currency),
	}
	if paid := currencyCode(p.PaymentCurrency); p.Converted.ok && paid != "" && paid != out.Currency {
		out.Charged = Charge{Cents: p.Converted.value, Currency: paid}
	}
	return out
}

// parcel reads one parcel; false when there is nothing to know it by.
func parcel(raw json.RawMessage) (Parcel, bool) {
	var p parcelAnswer
	_ = decode(raw, &p) // what can't be read stays empty, and is left out below
	out := Parcel{
		Carrier:   cut(p.Carrier, maxCarrier),
		Number:    firstOf(cut(p.Number, maxNumber), cut(p.RetailerNumber, maxNumber)),
		URL:       firstOf(whole(p.URL, maxURL), whole(p.RetailerURL, maxURL)),
		Delivered: strings.EqualFold(p.Status, "Delivered"),
	}
	return out, out.Number != "" || out.Carrier != ""
}

// cancelled notes which merchant orders were cancelled after they had been placed,
// and tells whether those are all. An update that names none means all of them.
func (o *orderAnswer) cancelled(out *Observation) (all bool) {
	for _, raw := range elements(o.StatusUpdates) {
		var u struct {
			Type string `json:"type"`
			Data struct {
				MerchantOrderID string `json:"merchant_order_id"`
			} `json:"data"`
		}
		_ = decode(raw, &u) // an update that can't be read says nothing
		if u.Type != "order.cancelled" && u.Type != "request.cancelled" {
			continue
		}
		id := u.Data.MerchantOrderID
		if !slices.Contains(out.MerchantOrderIDs, id) {
			out.CancelledMerchantOrders = out.MerchantOrderIDs
			return true
		}
		if !slices.Contains(out.CancelledMerchantOrders, id) {
			out.CancelledMerchantOrders = append(out.CancelledMerchantOrders, id)
		}
	}
	return len(out.CancelledMerchantOrders) > 0 && len(out.CancelledMerchantOrders) == len(out.MerchantOrderIDs)
}
