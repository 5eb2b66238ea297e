package intake

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/zma-operator/zma-operator/hack/shop"
)

// testCard passes Luhn's check and belongs to nobody.
const testCard = "4242 4242 4242 4242"

// street marks the invented addresses, so that they can be looked for where they
// must not be.
const street = "Intake Test Parkway"

// payload is the body of an order. Items, amounts, customer and address all differ
// from order to order.
func payload(r *rand.Rand, externalID string, k kind) []byte {
	items := make([]shop.Item, 1+r.IntN(3))
	for i := range items {
		items[i] = shop.Item{
			ProductID: fmt.Sprintf("B%09d", r.IntN(1e9)), Quantity: 1 + r.IntN(3),
			UnitPriceCents: int64(99 + r.IntN(9900)), Title: fmt.Sprintf("Something good no. %d", r.IntN(1000)),
		}
	}
	o := shop.NewOrder(externalID, items...)
	o.ShippingAddress.FirstName = []string{"Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances"}[r.IntN(6)]
	o.ShippingAddress.Line1 = fmt.Sprintf("%d %s", 1+r.IntN(9999), street)
	o.ShippingAddress.Phone = fmt.Sprintf("+1503223%04d", r.IntN(1e4))
	switch k {
	case noAddress:
		o.ShippingAddress = nil
	case cardNumber:
		o.Items[0].Title = "paid by " + testCard
	}
	body := o.JSON()
	if k == unknownField {
		body = bytes.Replace(body, []byte(`{"externalID"`), []byte(`{"discount":5,"externalID"`), 1)
	}
	return body
}
