package zma

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// OrderRequest is everything that a paid call says.
type OrderRequest struct {
	// Key is the idempotency key: 36 characters.
	Key string
	// Identity of the order, for our notes.
	Identity string
	// Attempt of the order, for our notes.
	Attempt int64
	// Retailer by the provider's name.
	Retailer string
	// Items to buy.
	Items []v1alpha1.OrderItem
	// Address to send to.
	Address v1alpha1.Address
	// MaxPriceCents is the ceiling, shipping and tax included, in minor units.
	MaxPriceCents int64
	// Shipping speed and price.
	Shipping v1alpha1.Shipping
	// Gift options; nil when it is none.
	Gift *v1alpha1.Gift
	// Callbacks are URLs by event; they are secrets.
	Callbacks map[string]string
}

// ErrRequest means that a request may not be sent.
var ErrRequest = errors.New("order request is not sendable")

// keyLength is what both versions of the API take.
const keyLength = 36

type orderBody struct {
	IdempotencyKey  string            `json:"idempotency_key"`
	Retailer        string            `json:"retailer"`
	Addax           bool              `json:"addax"`
	Products        []productBody     `json:"products"`
	MaxPrice        int64             `json:"max_price"`
	ShippingAddress addressBody       `json:"shipping_address"`
	ShippingMethod  string            `json:"shipping_method,omitempty"`
	Shipping        *shippingBody     `json:"shipping,omitempty"`
	IsGift          bool              `json:"is_gift"`
	GiftMessage     string            `json:"gift_message,omitempty"`
	ClientNotes     notesBody         `json:"client_notes"`
	Webhooks        map[string]string `json:"webhooks,omitempty"`
}

type productBody struct {
	ProductID string        `json:"product_id"`
	Quantity  int32         `json:"quantity"`
	Variants  []variantBody `json:"variants,omitempty"`
}

type variantBody struct {
	Dimension string `json:"dimension"`
	Value     string `json:"value"`
}

type addressBody struct {
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Line1       string `json:"address_line1"`
	Line2       string `json:"address_line2"`
	ZipCode     string `json:"zip_code"`
	City        string `json:"city"`
	State       string `json:"state"`
	Country     string `json:"country"`
	PhoneNumber string `json:"phone_number"`
}

type shippingBody struct {
	OrderBy  string `json:"order_by"`
	MaxDays  *int32 `json:"max_days,omitempty"`
	MaxPrice *int64 `json:"max_price,omitempty"`
}

type notesBody struct {
	Identity string `json:"identity"`
	Attempt  int64  `json:"attempt"`
	Key      string `json:"key"`
}

// Encode gives the body of the call: the same request always gives the same
// bytes. Without a ceiling it refuses, since the provider would then assume a
// million dollars.
func (r OrderRequest) Encode() ([]byte, error) {
	switch {
	case len(r.Key) != keyLength:
		return nil, fmt.Errorf("%w: the idempotency key has %d characters, not %d", ErrRequest, len(r.Key), keyLength)
	case r.MaxPriceCents <= 0:
		return nil, fmt.Errorf("%w: it has no maximum price", ErrRequest)
	case len(r.Items) == 0:
		return nil, fmt.Errorf("%w: it has no items", ErrRequest)
	}
	b := orderBody{
		IdempotencyKey: r.Key, Retailer: r.Retailer, Addax: true, MaxPrice: r.MaxPriceCents,
		ShippingAddress: addressOf(r.Address), ShippingMethod: r.Shipping.Method,
		ClientNotes: notesBody{Identity: r.Identity, Attempt: r.Attempt, Key: r.Key}, Webhooks: r.Callbacks,
	}
	if r.Shipping.OrderBy != "" {
		b.Shipping = &shippingBody{OrderBy: r.Shipping.OrderBy, MaxDays: r.Shipping.MaxDays, MaxPrice: r.Shipping.MaxPriceCents}
	}
	if r.Gift != nil {
		b.IsGift, b.GiftMessage = true, r.Gift.Message
	}
	for _, item := range r.Items {
		b.Products = append(b.Products, productOf(item))
	}
	return json.Marshal(b)
}

func productOf(item v1alpha1.OrderItem) productBody {
	p := productBody{ProductID: item.ProductID, Quantity: item.Quantity}
	for _, v := range item.Variants {
		p.Variants = append(p.Variants, variantBody{Dimension: v.Dimension, Value: v.Value})
	}
	return p
}

func addressOf(a v1alpha1.Address) addressBody {
	return addressBody{
		FirstName: a.FirstName, LastName: a.LastName, Line1: a.Line1, Line2: a.Line2, ZipCode: a.PostalCode,
		City: a.City, State: a.State, Country: a.Country, PhoneNumber: a.Phone,
	}
}
