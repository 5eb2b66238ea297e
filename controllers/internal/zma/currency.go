package zma

import (
	"math/big"
	"strings"
)

// otherCurrency stands for a word that is no currency's code.
const otherCurrency = "XXX"

// currencyCode reads a currency; empty when none is named.
func currencyCode(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if s == "" {
		return ""
	}
	if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return otherCurrency
	}
	return s
}

// valued tells the price in the account's currency. Where the retailer has another
// one, what the account was charged is the total, and the parts are divided as the
// retailer's are. A price that is told in another currency alone is none.
func (c caller) valued(o Observation) Observation {
	p := o.Price
	if p == nil || c.Currency == "" || p.Currency == "" || p.Currency == c.Currency {
		return o
	}
	if p.Charged.Currency != c.Currency {
		o.Price, o.ForeignPrice = nil, p.Currency
		return o
	}
	total := p.Charged.Cents
	out := Price{
		SubtotalCents: portion(total, p.SubtotalCents, p.TotalCents), ShippingCents: portion(total, p.ShippingCents, p.TotalCents),
		TaxCents: portion(total, p.TaxCents, p.TotalCents), TotalCents: total, Currency: c.Currency,
	}
	out.AdjustmentCents = total - out.SubtotalCents - out.ShippingCents - out.TaxCents
	o.Price = &out
	return o
}

// portion is the part of a total that another part is of its own, cut off to whole
// units; what is cut off is part of the adjustment.
func portion(total, part, of int64) int64 {
	if of == 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(total), big.NewInt(part))
	n.Quo(n, big.NewInt(of))
	if n.CmpAbs(big.NewInt(maxCents)) > 0 {
		return 0 // parts that are so far from their total say nothing
	}
	return n.Int64()
}
