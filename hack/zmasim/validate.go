package zmasim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// orderRequest is the part of a POST's body that the simulator acts on.
type orderRequest struct {
	Retailer            string          `json:"retailer"`
	Addax               *bool           `json:"addax"`
	Products            []product       `json:"products"`
	MaxPrice            *int64          `json:"max_price"`
	ShippingMethod      string          `json:"shipping_method"`
	Shipping            *shippingChoice `json:"shipping"`
	ShippingAddress     *address        `json:"shipping_address"`
	IsGift              *bool           `json:"is_gift"`
	GiftMessage         string          `json:"gift_message"`
	Webhooks            webhooks        `json:"webhooks"`
	PaymentMethod       json.RawMessage `json:"payment_method"`
	BillingAddress      json.RawMessage `json:"billing_address"`
	RetailerCredentials json.RawMessage `json:"retailer_credentials"`
}

type product struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
	Seller    struct {
		MaxItemPrice *int64 `json:"max_item_price"`
	} `json:"seller_selection_criteria"`
}

type shippingChoice struct {
	OrderBy  string `json:"order_by"`
	MaxPrice *int64 `json:"max_price"`
}

type address struct {
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name"`
	AddressLine1 string `json:"address_line1"`
	ZipCode      string `json:"zip_code"`
	City         string `json:"city"`
	State        string `json:"state"`
	Country      string `json:"country"`
	PhoneNumber  string `json:"phone_number"`
}

// maxQuantity keeps sums far from overflow; the provider documents no limit.
const maxQuantity = 1000

// validatorError is one entry of data.validator_errors.
type validatorError struct {
	Message string `json:"message"`
	Path    string `json:"path"`
	Value   any    `json:"value"`
}

// errNotJSON separates invalid_json from invalid_request.
var errNotJSON = errors.New("not JSON")

// parseOrder decodes a body. Values of a wrong type are validation errors; a body
// that is no JSON object is errNotJSON.
func parseOrder(body []byte) (orderRequest, []validatorError, error) {
	var r orderRequest
	err := json.Unmarshal(body, &r)
	wrong, isType := errors.AsType[*json.UnmarshalTypeError](err)
	if isType && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		// The decoder of webhooks is the only one that does not tell its path.
		return r, []validatorError{{Path: orElse(wrong.Field, "webhooks"), Message: "has the wrong type", Value: wrong.Value}}, nil
	}
	if err != nil {
		return r, nil, errNotJSON
	}
	return r, nil, nil
}

// check collects what is wrong, with all of it in one answer.
type check struct{ errs []validatorError }

func (c *check) that(ok bool, path, message string) {
	if !ok {
		c.errs = append(c.errs, validatorError{Path: path, Message: message})
	}
}

// validate returns what the provider would refuse at once. lenient asks only for
// products and address.
func (r orderRequest) validate(lenient bool) []validatorError {
	var c check
	c.products(r.Products)
	c.address(r.ShippingAddress, lenient)
	c.that(r.ShippingMethod == "" || r.Shipping == nil, "shipping", "excludes shipping_method")
	c.that(r.MaxPrice == nil || *r.MaxPrice > 0, "max_price", "must be positive")
	c.that(utf8.RuneCountInString(r.GiftMessage) <= 240, "gift_message", "is longer than 240 characters")
	if r.Addax != nil && *r.Addax {
		c.that(r.PaymentMethod == nil, "payment_method", "excluded by addax")
		c.that(r.BillingAddress == nil, "billing_address", "excluded by addax")
		c.that(r.RetailerCredentials == nil, "retailer_credentials", "excluded by addax")
	}
	if !lenient {
		c.that(r.Retailer != "", "retailer", "is required")
		c.that(r.Addax != nil && *r.Addax, "addax", "must be true: only managed accounts are simulated")
		c.that(r.MaxPrice != nil, "max_price", "is required")
		c.that(r.IsGift != nil, "is_gift", "is required")
		c.that(r.ShippingMethod != "" || r.Shipping != nil, "shipping_method", "is required, or shipping")
	}
	return c.errs
}

func (c *check) products(products []product) {
	c.that(len(products) > 0, "products", "is required")
	for i, p := range products {
		c.that(p.ProductID != "", fmt.Sprintf("products.%d.product_id", i), "is required")
		c.that(p.Quantity >= 1 && p.Quantity <= maxQuantity, fmt.Sprintf("products.%d.quantity", i), "must be from 1 to 1000")
	}
}

func (c *check) address(a *address, lenient bool) {
	if a == nil {
		c.that(false, "shipping_address", "is required")
		return
	}
	c.that(a.FirstName != "", "shipping_address.first_name", "is required")
	c.that(a.LastName != "", "shipping_address.last_name", "is required")
	c.that(a.AddressLine1 != "", "shipping_address.address_line1", "is required")
	c.that(a.ZipCode != "", "shipping_address.zip_code", "is required")
	c.that(a.City != "", "shipping_address.city", "is required")
	c.that(a.State != "", "shipping_address.state", "is required")
	c.that(len(a.Country) == 2, "shipping_address.country", "must be an ISO 3166 alpha-2 code")
	c.that(lenient || a.PhoneNumber != "", "shipping_address.phone_number", "is required")
}

func (r orderRequest) maxPriceCents() int64 {
	if r.MaxPrice == nil {
		return defaultMaxPriceCents
	}
	return *r.MaxPrice
}

// method reduces both ways to choose shipping to one name.
func (r orderRequest) method() string {
	if r.Shipping == nil {
		return orElse(r.ShippingMethod, "cheapest")
	}
	if r.Shipping.OrderBy == "speed" {
		return "fastest"
	}
	return "cheapest"
}

func (r orderRequest) quote() PriceComponents {
	lines := make([]Line, 0, len(r.Products))
	for _, p := range r.Products {
		lines = append(lines, Line{ProductID: p.ProductID, Quantity: p.Quantity})
	}
	return Quote(r.method(), lines...)
}
