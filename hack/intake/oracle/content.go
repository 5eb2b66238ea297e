package oracle

import (
	"encoding/json"
	"fmt"
)

// content is what of an order must arrive as it was sent: who gets what, and the
// amounts.
type content struct {
	Items           []item         `json:"items"`
	ShippingAddress map[string]any `json:"shippingAddress"`
	Customer        map[string]any `json:"customer"`
	Total           map[string]any `json:"total"`
}

type item struct {
	ProductID      string `json:"productID"`
	Quantity       int    `json:"quantity"`
	UnitPriceCents int64  `json:"unitPriceCents"`
	Title          string `json:"title"`
}

// ContentOf gives the content of a body or of a stored order's spec, in one form
// for both.
func ContentOf(raw []byte) (string, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return "", fmt.Errorf("read an order's content: %w", err)
	}
	canonical, err := json.Marshal(c)
	return string(canonical), err
}
