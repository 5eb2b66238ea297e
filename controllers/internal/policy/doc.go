// Package policy evaluates an OrderPolicy over an order: item filters, velocity,
// duplicates, approval, and rules in CEL.
//
// What a rule may look at is a small view of the order, read-only:
//
//	order.total.amountCents   int     order.items[].productID       string
//	order.total.currency      string  order.items[].quantity        int
//	order.retailer            string  order.items[].unitPriceCents  int (0 when absent)
//	order.source              string  order.items[].category        string
//	order.gift                bool    order.shippingAddress.country, .state, .postalCode, .city  string
//	order.maxPriceCents       int     order.payment.provider        string, .amountCents  int (0 when absent)
//	customer.id               string  customer.ordersLastHour, .ordersLastDay, .spentLastDayCents  int
//	account.name              string
package policy
