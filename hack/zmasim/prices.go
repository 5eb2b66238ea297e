package zmasim

import "hash/fnv"

const (
	flatShippingCents = 599
	freeAboveCents    = 2500
	taxPercent        = 8
	// defaultMaxPriceCents is the documented reading of an omitted max_price.
	defaultMaxPriceCents = 100_000_000
)

// PriceComponents are the parts of an order's price, in cents. Total is always
// the sum of the other three.
type PriceComponents struct {
	Subtotal              int64  `json:"subtotal"`
	Shipping              int64  `json:"shipping"`
	Tax                   int64  `json:"tax"`
	Total                 int64  `json:"total"`
	Currency              string `json:"currency"`
	PaymentCurrency       string `json:"payment_currency"`
	ConvertedPaymentTotal int64  `json:"converted_payment_total"`
}

// abroad gives the prices as a retailer with another currency tells them, of which 4
// are worth 5 cents of the account.
func (p PriceComponents) abroad(m foreignMode) PriceComponents {
	if m == foreignNot {
		return p
	}
	out := PriceComponents{
		Subtotal: p.Subtotal * 4 / 5, Shipping: p.Shipping * 4 / 5, Tax: p.Tax * 4 / 5,
		Currency: "GBP", PaymentCurrency: p.PaymentCurrency, ConvertedPaymentTotal: p.ConvertedPaymentTotal,
	}
	out.Total = out.Subtotal + out.Shipping + out.Tax
	if m == foreignAlone {
		out.PaymentCurrency, out.ConvertedPaymentTotal = out.Currency, out.Total
	}
	return out
}

// discountCents is what ProductDiscount takes off as shipping.
const discountCents = 300

// discounted gives the same total with a discount that is told as shipping.
func (p PriceComponents) discounted() PriceComponents {
	p.Subtotal, p.Shipping = p.Subtotal+p.Shipping+discountCents, -discountCents
	return p
}

// Line is a product and how many of it.
type Line struct {
	ProductID string
	Quantity  int64
}

// PriceOf returns a product's unit price in cents, between 500 and 4999, the
// same at every call and in every process.
func PriceOf(productID string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(productID)) // never fails
	return 500 + int64(h.Sum32()%4500)
}

// Quote returns what an order of the lines costs: shipping is 599 cents, or nothing by
// the methods "cheapest" and "free" from a subtotal above 2500; tax is 8 percent of
// the subtotal, rounded half up.
func Quote(shippingMethod string, lines ...Line) PriceComponents {
	p := PriceComponents{Currency: "USD", PaymentCurrency: "USD", Shipping: flatShippingCents}
	for _, l := range lines {
		p.Subtotal += PriceOf(l.ProductID) * l.Quantity
	}
	if p.Subtotal > freeAboveCents && (shippingMethod == "cheapest" || shippingMethod == "free") {
		p.Shipping = 0
	}
	p.Tax = (p.Subtotal*taxPercent + 50) / 100
	p.Total = p.Subtotal + p.Shipping + p.Tax
	p.ConvertedPaymentTotal = p.Total
	return p
}
