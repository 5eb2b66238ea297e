package act

import "github.com/zma-operator/zma-operator/api/v1alpha1"

// maxPriceBound is the highest price that an order can have, in minor units.
const maxPriceBound = 100_000_000

// Estimate is what the goods are expected to cost, in minor units: the sum of the
// items where each has a price, else what the customer was charged.
func Estimate(o *v1alpha1.ZMAOrder) int64 {
	var sum int64
	for _, item := range o.Spec.Items {
		if item.UnitPriceCents == nil {
			return o.Spec.Total.AmountCents
		}
		sum += *item.UnitPriceCents * int64(item.Quantity)
	}
	return sum
}

// MaxPrice is the ceiling sent with an order, in minor units. The order's own
// wins over the account's rule; the account's cap binds both. The one place that
// computes it: with two formulas nobody knows what is reserved.
func MaxPrice(o *v1alpha1.ZMAOrder, rule v1alpha1.MaxPriceRule) int64 {
	price := ruled(Estimate(o), rule)
	if own := o.Spec.MaxPriceCents; own != nil {
		price = *own
	}
	if rule.CapCents != nil {
		price = min(price, *rule.CapCents)
	}
	return price
}

func ruled(goods int64, rule v1alpha1.MaxPriceRule) int64 {
	percent, fixed := int64(20), int64(1500)
	if rule.Percent != nil {
		percent = int64(*rule.Percent)
	}
	if rule.FixedCents != nil {
		fixed = *rule.FixedCents
	}
	return (goods*(100+percent)+99)/100 + fixed
}
