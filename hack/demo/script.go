package main

import (
	"net/http"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// delivery is one webhook of the show, and what has to come of it.
type delivery struct {
	// what the audience is told.
	what string
	// id is the order's ID at the shop.
	id string
	// order is the body; change damages its JSON, for bodies that no shop sends.
	order  *shop.Order
	change func([]byte) []byte
	// forged signs with another secret; late signs for another time; tampered
	// changes the body after signing.
	forged, tampered bool
	late             time.Duration
	// fault at the provider, for this order alone.
	fault zmasim.FaultKind
	// status that the webhook is answered with.
	status int
	// reason that Ready ends with; empty when there is no order.
	reason string
	// bought is how often the provider has to have bought it.
	bought int
}

// keys that the provider has to have seen for the order: one, however often the
// call was made, and none when nothing may be sent.
func (d delivery) keys() int {
	if d.reason == v1alpha1.ReasonPlaced || d.reason == v1alpha1.ReasonRejected {
		return 1
	}
	return 0
}

func script() []delivery {
	good := zmasim.ProductOK
	damaged := func(o *shop.Order, change func(*shop.Order)) *shop.Order {
		change(o)
		return o
	}
	const accepted = http.StatusAccepted
	return []delivery{
		{what: "an ordinary order", id: "1001", order: shop.NewOrder("1001", item(good, 1)), status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "two products, three pieces", id: "1002", order: shop.NewOrder("1002", item(good, 1), item("B0EXAMPLE2", 2)), status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "a gift for somebody else", id: "1003", order: damaged(shop.NewOrder("1003", item(good, 1)), gift), status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "an order that the retailer splits", id: "1004", order: shop.NewOrder("1004", item(zmasim.ProductSplit, 1)), status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "the first order, delivered again", id: "1001", order: shop.NewOrder("1001", item(good, 1)), status: http.StatusOK, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "another order under its ID", id: "1001", order: shop.NewOrder("1001", item(good, 2)), status: http.StatusConflict, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "the provider's answer gets lost", id: "1005", order: shop.NewOrder("1005", item(good, 1)), fault: zmasim.DropAfter, status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "the provider answers 500, having bought", id: "1006", order: shop.NewOrder("1006", item(good, 1)), fault: zmasim.ErrorAfter, status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "the provider asks to wait (429)", id: "1007", order: shop.NewOrder("1007", item(good, 1)), fault: zmasim.TooManyRequests, status: accepted, reason: v1alpha1.ReasonPlaced, bought: 1},
		{what: "a product that is sold out", id: "1008", order: shop.NewOrder("1008", item(zmasim.ProductFor("product_unavailable"), 1)), status: accepted, reason: v1alpha1.ReasonRejected},
		{what: "an address in a state that does not exist", id: "1009", order: damaged(shop.NewOrder("1009", item(good, 1)), func(o *shop.Order) { o.ShippingAddress.State = "ZZ" }), status: accepted, reason: v1alpha1.ReasonAwaitingAddress},
		{what: "no address at all", id: "1010", order: damaged(shop.NewOrder("1010", item(good, 1)), func(o *shop.Order) { o.ShippingAddress = nil }), status: http.StatusBadRequest},
		{what: "a body that is no JSON", id: "1011", order: shop.NewOrder("1011", item(good, 1)), change: func(b []byte) []byte { return b[:len(b)-3] }, status: http.StatusBadRequest},
		{what: "a forged signature", id: "1012", order: shop.NewOrder("1012", item(good, 1)), forged: true, status: http.StatusUnauthorized},
		{what: "a body changed on the way", id: "1013", order: shop.NewOrder("1013", item(good, 1)), tampered: true, status: http.StatusUnauthorized},
		{what: "a signature of yesterday", id: "1014", order: shop.NewOrder("1014", item(good, 1)), late: 24 * time.Hour, status: http.StatusUnauthorized},
	}
}

func item(product string, quantity int) shop.Item {
	return shop.Item{ProductID: product, Quantity: quantity, UnitPriceCents: zmasim.PriceOf(product), Title: "Good book"}
}

func gift(o *shop.Order) {
	o.Gift, o.RecipientOfGift = map[string]any{"message": "Happy birthday!"}, true
	o.ShippingAddress.FirstName, o.ShippingAddress.Line1 = "Grace", "2200 NE Broadway"
}
