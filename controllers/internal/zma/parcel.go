package zma

import (
	"encoding/json"
	"slices"
	"strings"
)

// maxProduct bounds a product's ID in characters, as an order has it.
const maxProduct = 64

// maxJoined bounds the parcels among which entries about the same one are looked for:
// an answer of nothing but parcels must not take the whole process.
const maxJoined = 1000

type parcelAnswer struct {
	Carrier         string          `json:"carrier"`
	Number          string          `json:"tracking_number"`
	URL             string          `json:"tracking_url"`
	RetailerNumber  string          `json:"retailer_tracking_number"`
	RetailerURL     string          `json:"retailer_tracking_url"`
	Status          string          `json:"delivery_status"`
	MerchantOrderID string          `json:"merchant_order_id"`
	Products        json.RawMessage `json:"product_ids"`
	// Product is what older answers have in place of Products.
	Product string `json:"product_id"`
}

// parcel reads one parcel.
func parcel(raw json.RawMessage) Parcel {
	var p parcelAnswer
	_ = decode(raw, &p) // what can't be read stays empty
	out := Parcel{
		Carrier: cut(p.Carrier, maxCarrier), URL: firstOf(whole(p.URL, maxURL), whole(p.RetailerURL, maxURL)),
		Delivered: strings.EqualFold(p.Status, "Delivered"), Products: productIDs(p.Products),
	}
	out.number(p.Number, p.RetailerNumber)
	if id := whole(p.MerchantOrderID, maxMerchantOrder); id != "" {
		out.MerchantOrderIDs = []string{id}
	}
	if id := whole(p.Product, maxProduct); id != "" && len(out.Products) == 0 {
		out.Products = []string{id}
	}
	return out
}

// number sets the number that a parcel is known by, and the other one.
func (p *Parcel) number(first, other string) {
	first, other = cut(first, maxNumber), cut(other, maxNumber)
	p.Number = firstOf(first, other)
	if other != p.Number {
		p.OtherNumber = other
	}
}

// Has tells whether a number is one of the parcel's.
func (p Parcel) Has(number string) bool {
	return number != "" && (number == p.Number || number == p.OtherNumber)
}

// Join gives one parcel of two entries that tell of the same one.
func (p Parcel) Join(q Parcel) Parcel {
	if p.OtherNumber == "" && q.OtherNumber != "" {
		p.Number, p.OtherNumber = q.Number, q.OtherNumber
	}
	p.Carrier, p.URL = firstOf(p.Carrier, q.Carrier), firstOf(p.URL, q.URL)
	for _, id := range q.MerchantOrderIDs {
		if !slices.Contains(p.MerchantOrderIDs, id) {
			p.MerchantOrderIDs = append(slices.Clone(p.MerchantOrderIDs), id)
		}
	}
	p.Products = most(p.Products, q.Products)
	p.Delivered = p.Delivered || q.Delivered
	return p
}

// addParcel takes over a parcel, unless there is nothing to know it by. Entries with
// a number in common are one parcel: an answer may have one for each product, or one
// for the retailer's number and one for the provider's.
func (out *Observation) addParcel(p Parcel) {
	if p.Number == "" && p.Carrier == "" {
		return
	}
	if len(out.Parcels) >= maxJoined {
		out.Parcels = append(out.Parcels, p)
		return
	}
	var kept []Parcel
	at := -1
	for _, have := range out.Parcels {
		switch {
		case !have.Has(p.Number) && !have.Has(p.OtherNumber):
			kept = append(kept, have)
		case at < 0:
			kept, at = append(kept, have.Join(p)), len(kept)
		default:
			kept[at] = kept[at].Join(have)
		}
	}
	if at < 0 {
		kept = append(kept, p)
	}
	out.Parcels = kept
}

// productIDs reads a list of products: texts, or objects that name one each.
func productIDs(raw json.RawMessage) []string {
	var out []string
	for _, raw := range elements(raw) {
		var p struct {
			ID string `json:"product_id"`
		}
		_ = decode(raw, &p) // a bare text is read below
		if id := whole(firstOf(p.ID, word(raw)), maxProduct); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// most gives each product as often as the list has it that names it more often. Two
// entries about one parcel may name the same piece, so they are not added up.
func most(a, b []string) []string {
	out, left := slices.Clone(a), map[string]int{}
	for _, id := range a {
		left[id]++
	}
	for _, id := range b {
		if left[id]--; left[id] < 0 {
			out = append(out, id)
		}
	}
	return out
}
