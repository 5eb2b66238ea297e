package zma

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// orderAnswer is the provider's view of an order, read leniently: fields are
// added and shapes vary.
type orderAnswer struct {
	Type      string          `json:"_type"`
	Code      string          `json:"code"`
	RequestID string          `json:"request_id"`
	Data      json.RawMessage `json:"data"`
	Prices    *priceAnswer    `json:"price_components"`
	Merchant  []struct {
		ID string `json:"merchant_order_id"`
	} `json:"merchant_order_ids"`
	Tracking      json.RawMessage `json:"tracking"`
	DeliveryDates json.RawMessage `json:"delivery_dates"`
	StatusUpdates json.RawMessage `json:"status_updates"`
	Request       struct {
		Key   string `json:"idempotency_key"`
		Notes struct {
			Identity string `json:"identity"`
			Attempt  int64  `json:"attempt"`
			Key      string `json:"key"`
		} `json:"client_notes"`
	} `json:"request"`
}

type priceAnswer struct {
	Subtotal int64  `json:"subtotal"`
	Shipping int64  `json:"shipping"`
	Tax      int64  `json:"tax"`
	Total    *int64 `json:"total"`
	Currency string `json:"currency"`
}

type parcelAnswer struct {
	Carrier        string `json:"carrier"`
	Number         string `json:"tracking_number"`
	URL            string `json:"tracking_url"`
	RetailerNumber string `json:"retailer_tracking_number"`
	RetailerURL    string `json:"retailer_tracking_url"`
	Status         string `json:"delivery_status"`
}

func parseOrder(body []byte) (*orderAnswer, error) {
	var o orderAnswer
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, fmt.Errorf("the answer is not the JSON of an order: %w", shapeOnly(err))
	}
	return &o, nil
}

// shapeOnly keeps the kind of a JSON error and drops what was read: answers hold
// tokens and addresses.
func shapeOnly(err error) error { return fmt.Errorf("%T", err) }

// code of an error object. In one documented sample it stands only inside data.
func (o *orderAnswer) code() string {
	if o.Code != "" {
		return o.Code
	}
	var nested struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(o.Data, &nested) == nil {
		return nested.Code
	}
	return ""
}

// observation reads the phase from type and code, never from the HTTP status.
func (o *orderAnswer) observation() (Observation, error) {
	out := Observation{
		RequestID: o.RequestID, Key: firstOf(o.Request.Key, o.Request.Notes.Key),
		Identity: o.Request.Notes.Identity, Attempt: o.Request.Notes.Attempt,
	}
	switch o.Type {
	case "order_response":
		o.placed(&out)
		return out, nil
	case "error":
		out.Code = o.code()
		if out.Code == "" {
			return out, fmt.Errorf("an error without a code")
		}
		out.Class = Classify(out.Code).Class
		switch out.Class {
		case InProgress:
			out.Phase = Processing
		case Review:
			out.Phase = InReview
		default:
			out.Phase = Failed
		}
		return out, nil
	}
	return out, fmt.Errorf("an answer of no known type")
}

func (o *orderAnswer) placed(out *Observation) {
	out.Phase = Placed
	if o.cancelled() {
		out.Phase = CancelledByRetailer
	}
	if p := o.Prices; p != nil && p.Total != nil {
		out.Price = &Price{
			SubtotalCents: p.Subtotal, ShippingCents: p.Shipping, TaxCents: p.Tax, TotalCents: *p.Total,
			AdjustmentCents: *p.Total - p.Subtotal - p.Shipping - p.Tax, Currency: p.Currency,
		}
	}
	for _, m := range o.Merchant {
		if m.ID != "" && !slices.Contains(out.MerchantOrderIDs, m.ID) {
			out.MerchantOrderIDs = append(out.MerchantOrderIDs, m.ID)
		}
	}
	for _, p := range oneOrMany[parcelAnswer](o.Tracking) {
		number := firstOf(p.Number, p.RetailerNumber)
		if number == "" && p.Carrier == "" {
			continue
		}
		out.Parcels = append(out.Parcels, Parcel{
			Carrier: p.Carrier, Number: number, URL: firstOf(p.URL, p.RetailerURL), Delivered: strings.EqualFold(p.Status, "Delivered"),
		})
	}
	for _, d := range oneOrMany[struct {
		Date         string `json:"date"`
		DeliveryDate string `json:"delivery_date"`
	}](o.DeliveryDates) {
		if date := firstOf(d.DeliveryDate, d.Date); date != "" && len(date) <= 64 {
			out.DeliveryDates = append(out.DeliveryDates, date)
		}
	}
}

// cancelled tells whether the retailer has cancelled what it had placed.
func (o *orderAnswer) cancelled() bool {
	for _, u := range oneOrMany[struct {
		Type string `json:"type"`
	}](o.StatusUpdates) {
		if u.Type == "order.cancelled" || u.Type == "request.cancelled" {
			return true
		}
	}
	return false
}

// oneOrMany reads a list, or a single object as a list of one; anything else is
// an empty list.
func oneOrMany[T any](raw json.RawMessage) []T {
	var many []T
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	var one T
	if len(raw) > 0 && raw[0] == '{' && json.Unmarshal(raw, &one) == nil {
		return []T{one}
	}
	return nil
}
