package zmasim

import (
	"encoding/json"
	"time"
)

type phase string

const (
	phaseProcessing phase = "processing"
	phaseReview     phase = "review"
	phaseSucceeded  phase = "succeeded"
	phaseFailed     phase = "failed"
)

// order is one accepted request. Its exported fields are what the journal keeps.
type order struct {
	ID        string          `json:"id"`
	Key       string          `json:"key,omitempty"`
	Identity  string          `json:"identity,omitempty"`
	Attempt   int64           `json:"attempt,omitempty"`
	ProductID string          `json:"productID"`
	Body      json.RawMessage `json:"body"`
	CreatedAt time.Time       `json:"createdAt"`
	// Ordinal counts earlier orders of the same identity and product.
	Ordinal int   `json:"ordinal"`
	Phase   phase `json:"phase"`
	// DueAt is when processing or review ends; zero is never.
	DueAt       time.Time `json:"dueAt"`
	AbortWanted bool      `json:"abortWanted,omitempty"`

	OutcomeAt time.Time      `json:"outcomeAt"`
	Code      string         `json:"code,omitempty"`
	Message   string         `json:"message,omitempty"`
	Data      map[string]any `json:"data,omitempty"`

	Prices         PriceComponents `json:"prices"`
	MerchantOrders []merchantOrder `json:"merchantOrders,omitempty"`
	Parcels        []parcel        `json:"parcels,omitempty"`
	Updates        []statusUpdate  `json:"updates,omitempty"`
	Case           orderCase       `json:"case"`
	// V2 tells that the order came by version 2 of the API.
	V2 bool `json:"v2,omitempty"`
	// StartedV2 tells that order.started was sent.
	StartedV2 bool `json:"startedV2,omitempty"`

	req      orderRequest
	scenario scenario
	echo     json.RawMessage // the body's `request`
}

type merchantOrder struct {
	ID string `json:"id"`
	// ShareCents is the part of the total that comes back when this one is cancelled.
	ShareCents int64 `json:"shareCents"`
	Cancelled  bool  `json:"cancelled,omitempty"`
}

type parcel struct {
	MerchantOrderID string `json:"merchantOrderID"`
	Number          string `json:"number"`
	// ProductIDs has an ID for each piece in the parcel; empty is all of the order's.
	ProductIDs  []string   `json:"productIDs,omitempty"`
	ObtainedAt  *time.Time `json:"obtainedAt,omitempty"`
	DeliveredAt *time.Time `json:"deliveredAt,omitempty"`
}

type statusUpdate struct {
	CreatedAt string         `json:"_created_at"`
	Type      string         `json:"type"`
	Message   string         `json:"message"`
	Data      map[string]any `json:"data"`
}

// derive sets what follows from the kept fields: at acceptance and after a restart.
func (o *order) derive(token string) {
	o.scenario = scenarioOf(o.ProductID)
	if o.V2 {
		o.req = requestOfV2(o.Body)
		return
	}
	o.req, _, _ = parseOrder(o.Body) // parsed before, when the order was accepted
	o.echo = echoOf(o.Body, token, o.CreatedAt)
}

// echoOf is the request as the provider gives it back: normalised, and with the
// client token inside, so that clients learn to mask it.
func echoOf(body []byte, token string, at time.Time) json.RawMessage {
	echo := map[string]any{
		"payment_method": map[string]any{}, "retailer_credentials": map[string]any{},
		"billing_address": nil, "po_number": nil, "promo_codes": []any{}, "zma_flags": []any{},
		"retry_request_ids": []any{}, "auto_retry_settings": map[string]any{"retry_delays": []any{}},
	}
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(body, &sent) // parsed before
	for name, value := range sent {
		echo[name] = value
	}
	echo["client_token"] = token
	echo["_created_at"] = stamp(at)
	return mustJSON(echo)
}

func (o *order) processing() bool { return o.Phase == phaseProcessing || o.Phase == phaseReview }

func (o *order) addUpdate(at time.Time, kind, message string, data map[string]any) {
	if data == nil {
		data = map[string]any{}
	}
	o.Updates = append(o.Updates, statusUpdate{CreatedAt: stamp(at), Type: kind, Message: message, Data: data})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
