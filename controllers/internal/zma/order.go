package zma

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// orderAnswer is the provider's view of an order, read leniently: fields are
// added and shapes vary.
type orderAnswer struct {
	Type          string          `json:"_type"`
	Code          string          `json:"code"`
	RequestID     string          `json:"request_id"`
	CreatedAt     moment          `json:"_created_at"`
	Data          json.RawMessage `json:"data"`
	Prices        *priceAnswer    `json:"price_components"`
	Merchant      json.RawMessage `json:"merchant_order_ids"`
	Tracking      json.RawMessage `json:"tracking"`
	DeliveryDates json.RawMessage `json:"delivery_dates"`
	StatusUpdates json.RawMessage `json:"status_updates"`
	Request       struct {
		Key       string `json:"idempotency_key"`
		Retailer  string `json:"retailer"`
		CreatedAt moment `json:"_created_at"`
		Notes     struct {
			Identity string `json:"identity"`
			Attempt  int64  `json:"attempt"`
			Key      string `json:"key"`
		} `json:"client_notes"`
	} `json:"request"`
}

func parseOrder(body []byte) (*orderAnswer, error) {
	var o orderAnswer
	if err := decode(body, &o); err != nil {
		return nil, fmt.Errorf("the answer is not the JSON of an order: %w", err)
	}
	return &o, nil
}

// nested is the error object that data may hold, by a documented sample.
func (o *orderAnswer) nested() (code, requestID string) {
	var n struct {
		Code      string `json:"code"`
		RequestID string `json:"request_id"`
	}
	if decode(o.Data, &n) != nil {
		return "", ""
	}
	return n.Code, n.RequestID
}

// codeUnnamed stands for a code that can't be one: it would not fit a status,
// and the outcome of a paid call must always be writable.
const codeUnnamed = "unreadable_code"

// maxWord bounds codes and request IDs in characters; a status takes no more.
const maxWord = 64

// plainWord tells whether a code or a request ID is made of what those are made
// of, and of nothing that means something in a path.
func plainWord(s string) bool {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return s != "" && len(s) <= maxWord && strings.Trim(s, plain) == ""
}

// code of an error object; empty without one.
func (o *orderAnswer) code() string {
	nested, _ := o.nested()
	code := firstOf(o.Code, nested)
	if code != "" && !plainWord(code) {
		return codeUnnamed
	}
	return code
}

// about tells whether the answer speaks of our order, and not of the call alone: it
// names its request ID, or echoes our request; any, where nobody has told which is
// ours.
func (o *orderAnswer) about(ctx context.Context, requestID string) bool {
	if o.names(requestID) {
		return true
	}
	if e, ok := expected(ctx); ok {
		return e.confirms(o)
	}
	echo := o.Request
	return echo.Key != "" || echo.Retailer != "" || echo.Notes.Key != "" || echo.Notes.Identity != ""
}

// ends tells whether an error object says how the order goes. If not, it is an
// error of the call, and the order may well have been bought: one taken for the
// other leads to a second purchase.
func (o *orderAnswer) ends(ctx context.Context, call string, status int, requestID string) bool {
	code := o.code()
	class := classifyV1(code)
	about := o.about(ctx, requestID)
	switch {
	case code == "" || code == "invalid_request_id":
		return false
	case class.Class == InProgress || class.Class == Review:
		return true
	case status/100 != 2 && (!about || !mayCarryOutcome(status)):
		return false
	case about:
		return true
	case call == callAbort:
		// A refusal to abort must not pass for an order that has ended.
		return class.Class == Aborted
	}
	return class.Known && !aboutTheCall(code)
}

// mayCarryOutcome: statuses that say something of the call itself never do.
func mayCarryOutcome(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4
}

// aboutTheCall tells whether a code that comes without a trace of the order
// speaks of the call: a token that is refused today, or an outage while reading,
// says nothing about an order of yesterday.
func aboutTheCall(code string) bool {
	switch code {
	case "invalid_client_token", "unauthorized_access", "invalid_json", "invalid_request", "internal_error":
		return true
	}
	return false
}

// observation reads the phase from type and code.
func (o *orderAnswer) observation() (Observation, error) {
	out := Observation{
		RequestID: o.RequestID, Key: firstOf(o.Request.Key, o.Request.Notes.Key),
		Identity: o.Request.Notes.Identity, Attempt: o.Request.Notes.Attempt,
		CreatedAt: o.CreatedAt.or(o.Request.CreatedAt),
	}
	switch o.Type {
	case "order_response":
		o.placed(&out)
		return out, nil
	case "error":
		out.Code = o.code()
		if out.Code == "" {
			return out, errors.New("an error without a code")
		}
		out.Class = Classify(out.Code).Class
		out.Phase = phaseOf(out.Class)
		return out, nil
	}
	return out, errors.New("an answer of no known type")
}

// phaseOf gives the phase of an order that shows an error object. A cancellation
// that is not decided is no failure: the goods may still come.
func phaseOf(class Class) Phase {
	switch class {
	case InProgress, CancelPending:
		return Processing
	case Review:
		return InReview
	}
	return Failed
}
