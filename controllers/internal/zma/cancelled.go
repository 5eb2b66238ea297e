package zma

import (
	"encoding/json"
	"slices"
)

// maxStrays bounds the strangers that are kept: people need to hear of them, not to
// read each.
const maxStrays = 10

// cancelled notes which merchant orders were cancelled after they had been placed,
// and tells whether those are all. An update that names none means all of them. One
// that names another than the order's own cancels nothing that is known: to give up
// an order for it would hide goods that are paid for and still come.
func (o *orderAnswer) cancelled(out *Observation) (all bool) {
	for _, raw := range elements(o.StatusUpdates) {
		var u struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		_ = decode(raw, &u) // an update that can't be read says nothing
		if u.Type != "order.cancelled" && u.Type != "request.cancelled" {
			continue
		}
		ids := cancelledIn(u.Data)
		if len(ids) == 0 {
			out.CancelledMerchantOrders = out.MerchantOrderIDs
			return true
		}
		for _, id := range ids {
			out.cancel(id)
		}
	}
	return len(out.CancelledMerchantOrders) > 0 && len(out.CancelledMerchantOrders) == len(out.MerchantOrderIDs)
}

func (out *Observation) cancel(id string) {
	into := &out.StrayCancellations
	if slices.Contains(out.MerchantOrderIDs, id) {
		into = &out.CancelledMerchantOrders
	}
	if !slices.Contains(*into, id) && len(*into) < maxStrays+len(out.MerchantOrderIDs) {
		*into = append(*into, id)
	}
}

// cancelledIn gives the merchant orders that an update names, as one or as several. A
// name that can't be read is an empty text, and not no name.
func cancelledIn(data json.RawMessage) []string {
	var d struct {
		One  json.RawMessage `json:"merchant_order_id"`
		Many json.RawMessage `json:"merchant_order_ids"`
	}
	_ = decode(data, &d) // other data names none
	var out []string
	for _, raw := range []json.RawMessage{d.One, d.Many} {
		if list := elements(raw); len(list) > 0 {
			for _, entry := range list {
				out = append(out, merchantName(entry))
			}
		} else if named(raw) {
			out = append(out, merchantName(raw))
		}
	}
	return out
}

// named tells whether a value is there at all.
func named(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", `""`, "[]", "{}":
		return false
	}
	return true
}

func merchantName(raw json.RawMessage) string {
	var m struct {
		ID string `json:"merchant_order_id"`
	}
	_ = decode(raw, &m) // a bare text is read below
	return whole(firstOf(m.ID, word(raw)), maxMerchantOrder)
}
