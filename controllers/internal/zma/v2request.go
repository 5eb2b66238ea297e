package zma

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// v2Body is the body of version 2's paid call. Version 2 knows no callbacks per
// order and no choice of shipping.
type v2Body struct {
	Products        []v2Product `json:"products"`
	ShippingAddress v2Address   `json:"shipping_address"`
	MaxPrice        int64       `json:"max_price"`
	IdempotencyKey  string      `json:"idempotency_key"`
	Metadata        v2Notes     `json:"metadata"`
	IsGift          bool        `json:"is_gift,omitempty"`
	GiftMessage     string      `json:"gift_message,omitempty"`
}

type v2Product struct {
	URL      string      `json:"url"`
	Quantity int32       `json:"quantity"`
	Variant  []v2Variant `json:"variant,omitempty"`
}

type v2Variant struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

type v2Address struct {
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Line1       string `json:"address_line1"`
	Line2       string `json:"address_line2,omitempty"`
	City        string `json:"city"`
	State       string `json:"state,omitempty"`
	PostalCode  string `json:"postal_code"`
	PhoneNumber string `json:"phone_number"`
	Country     string `json:"country"`
}

// v2Notes are texts alone: the list is searched by comparing texts.
type v2Notes struct {
	Identity string `json:"identity"`
	Attempt  string `json:"attempt"`
	Key      string `json:"key"`
}

// encodeV2 gives the body of the call: the same request always gives the same
// bytes.
func (r OrderRequest) encodeV2() ([]byte, error) {
	if _, err := r.Encode(); err != nil {
		return nil, err // what no version may send
	}
	if !shippableByV2(r.Shipping) {
		return nil, fmt.Errorf("%w: %w", ErrRequest, errShipping)
	}
	a := r.Address
	b := v2Body{
		MaxPrice: r.MaxPriceCents, IdempotencyKey: r.Key,
		Metadata: v2Notes{Identity: r.Identity, Attempt: strconv.FormatInt(r.Attempt, 10), Key: r.Key},
		ShippingAddress: v2Address{
			FirstName: a.FirstName, LastName: a.LastName, Line1: a.Line1, Line2: a.Line2, City: a.City,
			State: a.State, PostalCode: a.PostalCode, PhoneNumber: a.Phone, Country: a.Country,
		},
	}
	if r.Gift != nil {
		b.IsGift, b.GiftMessage = true, r.Gift.Message
	}
	for _, item := range r.Items {
		p, err := v2ProductOf(r.Retailer, item)
		if err != nil {
			return nil, err
		}
		b.Products = append(b.Products, p)
	}
	return json.Marshal(b)
}

var errShipping = errors.New("version 2 of the API takes no choice of shipping")

// shippableByV2 tells whether a choice of shipping asks for no more than the
// cheapest. Another one would be paid for and not had, and nobody would notice.
func shippableByV2(s v1alpha1.Shipping) bool {
	return (s.Method == "" || s.Method == "cheapest") && (s.OrderBy == "" || s.OrderBy == "price") &&
		s.MaxDays == nil && s.MaxPriceCents == nil
}

func v2ProductOf(retailer string, item v1alpha1.OrderItem) (v2Product, error) {
	p := v2Product{URL: item.ProductID, Quantity: item.Quantity}
	if retailer == "amazon" {
		p.URL = "https://www.amazon.com/dp/" + url.PathEscape(item.ProductID)
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return v2Product{}, fmt.Errorf("%w: version 2 of the API takes other retailers' products by their https URL", ErrRequest)
	}
	for _, v := range item.Variants {
		p.Variant = append(p.Variant, v2Variant{Label: v.Dimension, Value: v.Value})
	}
	return p, nil
}
