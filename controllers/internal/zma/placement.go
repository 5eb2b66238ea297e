package zma

import (
	"encoding/json"
	"slices"
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

// placed reads what a placed order says.
func (o *orderAnswer) placed(out *Observation) {
	out.Phase = Placed
	out.Price = o.Prices.price()
	for _, raw := range elements(o.Merchant) {
		out.merchantOrder(raw)
	}
	if all := o.cancelled(out); all {
		out.Phase = CancelledByRetailer
	}
	for _, raw := range elements(o.Tracking) {
		out.addParcel(parcel(raw))
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

// merchantOrder takes over one merchant order and the products that it names.
func (out *Observation) merchantOrder(raw json.RawMessage) {
	var m struct {
		Products json.RawMessage `json:"product_ids"`
	}
	_ = decode(raw, &m) // what can't be read stays empty
	id := merchantName(raw)
	if id == "" {
		return
	}
	if !slices.Contains(out.MerchantOrderIDs, id) {
		out.MerchantOrderIDs = append(out.MerchantOrderIDs, id)
	}
	if named := productIDs(m.Products); len(named) > 0 {
		if out.Products == nil {
			out.Products = map[string][]string{}
		}
		out.Products[id] = most(out.Products[id], named)
	}
}

// price is nil without a total: parts alone do not say what was paid. Neither does a
// total below nothing. A part below nothing is a discount under that part's name: it
// goes into the adjustment, since the books take no negative part.
func (p *priceAnswer) price() *Price {
	if p == nil || !p.Total.ok || p.Total.value < 0 {
		return nil
	}
	out := &Price{
		SubtotalCents: max(0, p.Subtotal.value), ShippingCents: max(0, p.Shipping.value), TaxCents: max(0, p.Tax.value),
		TotalCents: p.Total.value, Currency: currencyCode(p.Currency),
	}
	out.AdjustmentCents = out.TotalCents - out.SubtotalCents - out.ShippingCents - out.TaxCents
	paid := currencyCode(p.PaymentCurrency)
	if p.Converted.ok && p.Converted.value >= 0 && paid != "" && paid != out.Currency {
		out.Charged = Charge{Cents: p.Converted.value, Currency: paid}
	}
	return out
}
