package zma

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// v2Order is version 2's view of an order, read leniently like version 1's.
type v2Order struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"`
	Key       string          `json:"idempotency_key"`
	Metadata  json.RawMessage `json:"metadata"`
	Items     json.RawMessage `json:"items"`
	Result    json.RawMessage `json:"job_result"`
	Merchant  json.RawMessage `json:"merchant_order_ids"`
	Tracking  json.RawMessage `json:"tracking_numbers"`
	CreatedAt string          `json:"created_at"`
}

// v2Result is how the provider's work on an order went.
type v2Result struct {
	ErrorType string `json:"error_type"`
	Details   struct {
		Code string `json:"code"`
	} `json:"error_details"`
	Prices   *priceAnswer    `json:"price_components"`
	Delivery string          `json:"estimated_delivery"`
	Merchant json.RawMessage `json:"merchant_order_ids"`
}

type v2Item struct {
	Status    string `json:"status"`
	ErrorType string `json:"error_type"`
}

func parseV2Order(body []byte) (*v2Order, error) {
	var o v2Order
	if err := decode(body, &o); err != nil {
		return nil, err
	}
	return &o, nil
}

// observation reads the phase from the status. An error means that the status is
// none that is known; what is known of the order beside it is given all the same.
func (o *v2Order) observation() (Observation, error) {
	out := Observation{RequestID: o.ID, Key: o.Key, CreatedAt: v2Time(o.CreatedAt)}
	o.notes(&out)
	var result v2Result
	_ = decode(o.Result, &result) // empty while the provider works on it
	o.placement(&out, result)
	switch o.Status {
	case "pending", "in_progress":
		out.Phase, out.Code, out.Class = Processing, "request_processing", InProgress
	case "order_placed":
		out.Phase = Placed
	case "cancelled_by_retailer":
		out.takeBack()
	case "cancelled":
		out.fail("aborted_request")
		if len(out.MerchantOrderIDs) > 0 {
			// We can cancel only what is not placed yet, so somebody else did.
			out.takeBack()
		}
	case "order_failed":
		out.fail(o.failureCode(result))
		if len(out.MerchantOrderIDs) > 0 {
			// A failed order that has the retailer's number may have been bought.
			out.fail("order_probably_placed")
		}
	default:
		return out, errors.New("an order of no known status")
	}
	return out, nil
}

// takeBack notes that what was placed is cancelled, all of it.
func (out *Observation) takeBack() {
	out.Phase, out.Code, out.Class = CancelledByRetailer, "", ""
	out.CancelledMerchantOrders = out.MerchantOrderIDs
}

func (out *Observation) fail(code string) {
	out.Phase, out.Code, out.Class = Failed, code, Classify(code).Class
}

// notes reads what the order echoes of ours.
func (o *v2Order) notes(out *Observation) {
	var notes struct {
		Identity string          `json:"identity"`
		Attempt  json.RawMessage `json:"attempt"`
		Key      string          `json:"key"`
	}
	_ = decode(o.Metadata, &notes) // other metadata is not ours
	out.Key, out.Identity = firstOf(out.Key, notes.Key), notes.Identity
	text := firstOf(word(notes.Attempt), string(notes.Attempt))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		out.Attempt = n
	}
}

// failureCode names the cause of a failure: the order's, or that of its first
// item that has one.
func (o *v2Order) failureCode(result v2Result) string {
	code := firstOf(result.ErrorType, result.Details.Code)
	for _, item := range o.items() {
		code = firstOf(code, item.ErrorType)
	}
	if code != "" && !plainWord(code) {
		return codeUnnamed
	}
	return firstOf(code, "unknown")
}

func (o *v2Order) items() []v2Item {
	var out []v2Item
	for _, raw := range elements(o.Items) {
		var item v2Item
		_ = decode(raw, &item) // what can't be read stays empty
		out = append(out, item)
	}
	return out
}

// placement reads what the retailer and the carriers say.
func (o *v2Order) placement(out *Observation, result v2Result) {
	out.Price = result.Prices.price()
	for _, raw := range append(elements(o.Merchant), elements(result.Merchant)...) {
		if id := merchantName(raw); id != "" && !slices.Contains(out.MerchantOrderIDs, id) {
			out.MerchantOrderIDs = append(out.MerchantOrderIDs, id)
		}
	}
	for _, item := range o.items() {
		out.Items = append(out.Items, item.state())
	}
	dates := []string{result.Delivery}
	for _, raw := range elements(o.Tracking) {
		p, date := v2Parcel(raw)
		dates = append(dates, date)
		p.Delivered = p.Delivered || o.delivered()
		out.addParcel(p)
	}
	for _, date := range dates {
		if date = whole(date, maxDate); date != "" && !slices.Contains(out.DeliveryDates, date) {
			out.DeliveryDates = append(out.DeliveryDates, date)
		}
	}
}

// v2Parcel reads one parcel and the date that its carrier promises.
func v2Parcel(raw json.RawMessage) (Parcel, string) {
	var p struct {
		Carrier string `json:"carrier"`
		Number  string `json:"tracking_number"`
		Alias   string `json:"zinc_tracking_number"`
		URL     string `json:"zinc_tracking_url"`
		Status  string `json:"status"`
		Date    string `json:"estimated_delivery_date"`
	}
	_ = decode(raw, &p) // what can't be read stays empty
	out := Parcel{Carrier: cut(p.Carrier, maxCarrier), URL: whole(p.URL, maxURL), Delivered: strings.EqualFold(p.Status, "delivered")}
	out.number(p.Number, p.Alias)
	return out, p.Date
}

// state of an item. One that has failed or was skipped stays open: nobody has said
// that it will not come.
func (i v2Item) state() ItemState {
	switch i.Status {
	case "delivered":
		return ItemDelivered
	case "cancelled":
		return ItemCancelled
	}
	return ItemOpen
}

// delivered tells whether all items that come have arrived: the order itself has no
// such status.
func (o *v2Order) delivered() bool {
	arrived := false
	for _, i := range o.items() {
		if i.state() == ItemOpen {
			return false
		}
		arrived = arrived || i.state() == ItemDelivered
	}
	return arrived
}

// v2Time reads a time with or without its zone, which is UTC then; zero for
// anything else.
func v2Time(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
