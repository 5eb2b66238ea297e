package shop

import "encoding/json"

// Item of an order.
type Item struct {
	ProductID      string `json:"productID"`
	Quantity       int    `json:"quantity"`
	UnitPriceCents int64  `json:"unitPriceCents"`
	Title          string `json:"title,omitempty"`
}

// Address of a person. The people are invented.
type Address struct {
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	State      string `json:"state"`
	PostalCode string `json:"postalCode"`
	Country    string `json:"country"`
	Phone      string `json:"phone"`
}

// Order is the native body of a webhook.
type Order struct {
	ExternalID      string         `json:"externalID"`
	Items           []Item         `json:"items"`
	ShippingAddress *Address       `json:"shippingAddress,omitempty"`
	Customer        map[string]any `json:"customer"`
	Total           map[string]any `json:"total"`
	Payment         map[string]any `json:"payment,omitempty"`
	Gift            map[string]any `json:"gift,omitempty"`
	RecipientOfGift bool           `json:"recipientOfGift,omitempty"`
}

// NewOrder is an order of one customer for items at their prices.
func NewOrder(externalID string, items ...Item) *Order {
	var total int64
	for _, item := range items {
		total += item.UnitPriceCents * int64(item.Quantity)
	}
	return &Order{
		ExternalID: externalID,
		Items:      items,
		ShippingAddress: &Address{
			FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland",
			State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567",
		},
		Customer: map[string]any{"id": "customer-" + externalID, "email": "ada@example.com"},
		Total:    map[string]any{"currency": "USD", "amountCents": total},
	}
}

// JSON is the body to send.
func (o *Order) JSON() []byte {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return raw
}
