package act

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/address"
)

// Contents tell two orders of one identity apart, by digests.
type Contents struct {
	// Payload is the hash that the webhook endpoint gave the order; empty for one that
	// was made by hand.
	Payload string `json:"payload,omitempty"`
	// Goods, their retailer and their price.
	Goods string `json:"goods"`
	// Terms are the account that pays and the person who receives.
	Terms string `json:"terms"`
}

func contentsOf(o *v1alpha1.ZMAOrder) *Contents {
	spec := o.Spec
	goods := []string{spec.Retailer, spec.Total.Currency, strconv.FormatInt(spec.Total.AmountCents, 10)}
	for _, item := range spec.Items {
		goods = append(goods, item.ProductID, strconv.Itoa(int(item.Quantity)), strconv.Itoa(len(item.Variants)))
		for _, v := range item.Variants {
			goods = append(goods, v.Dimension, v.Value)
		}
	}
	to := address.Normalise(spec.ShippingAddress)
	return &Contents{
		Payload: o.Annotations[v1alpha1.AnnotationPayloadHash],
		Goods:   digest(goods...),
		Terms:   digest(spec.AccountRef.Name, to.FirstName, to.LastName, address.Fingerprint(to)),
	}
}

// sameGoods tells whether an order asks for the goods on record; also when none are.
func (c *Contents) sameGoods(o *v1alpha1.ZMAOrder) bool {
	return c == nil || c.Goods == contentsOf(o).Goods
}

// same tells whether an order asks for what is on record, for whom it was asked; also
// when nothing is. The endpoint's hash decides where both have one: an address may have
// been corrected since, and a source may have been given another account.
func (c *Contents) same(o *v1alpha1.ZMAOrder) bool {
	if c == nil || !c.sameGoods(o) {
		return c == nil
	}
	now := contentsOf(o)
	if c.Payload != "" && now.Payload != "" {
		return c.Payload == now.Payload
	}
	return c.Terms == now.Terms
}

func digest(parts ...string) string {
	sum := sha256.Sum256(v1alpha1.LengthPrefixed(parts...))
	return hex.EncodeToString(sum[:])
}
