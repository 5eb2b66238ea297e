package zma

import (
	"context"
	"encoding/json"
	"net/http"
)

// Retries, cancellations and returns are requests of their own about an order:
// a POST gives such a request an ID, by which it is read until it has ended.

// begin makes the POST and gives the ID. As with the paid call, the body counts
// and not the status.
func (c *v1) begin(ctx context.Context, call, requestID, suffix string, body any) (string, error) {
	if !plainWord(requestID) {
		return "", notAnID(call)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return "", unsent(call, err)
	}
	a, failed := c.do(ctx, call, http.MethodPost, "/orders/"+requestID+suffix, raw)
	if failed != nil {
		return "", unanswered(call, failed)
	}
	o, err := parseOrder(a.body)
	if err != nil {
		return "", c.callError(call, a, "", err)
	}
	own := plainWord(o.RequestID) && o.RequestID != requestID
	if own && (o.Type != "error" || undecided(o.code())) {
		return o.RequestID, nil
	}
	refusal := c.callError(call, a, answerCode(a.body), nil)
	if refusal.Kind == KindRefused && (undecided(refusal.Code) || refusal.Code == codeUnnamed || a.status/100 == 3) {
		// It may have begun, under an ID that we do not know.
		refusal.Kind = KindUnreadable
	}
	return "", refusal
}

// undecided codes say that a request goes on.
func undecided(code string) bool {
	switch classifyV1(code).Class {
	case Review, CancelPending:
		return true
	}
	return code == "request_processing"
}

// progress is how far a request about an order is: pending, refused with a code,
// or done.
type progress struct {
	pending bool
	code    string
	body    []byte
}

// follow reads a request by its ID. done is the type of the answer that says
// that it has succeeded. Errors of the call are errors, never a refusal: one
// taken for the other would give up what may still succeed.
func (c *v1) follow(ctx context.Context, call, path, id, done string) (progress, error) {
	if !plainWord(id) {
		return progress{}, notAnID(call)
	}
	a, failed := c.do(ctx, call, http.MethodGet, path+id, nil)
	if failed != nil {
		return progress{}, unanswered(call, failed)
	}
	o, err := parseOrder(a.body)
	code := answerCode(a.body)
	switch {
	case err != nil || a.status/100 != 2 && !mayCarryOutcome(a.status):
		return progress{}, c.callError(call, a, code, err)
	case o.Type == done:
		return progress{body: a.body}, nil
	case undecided(code) || code == "return_in_progress":
		return progress{pending: true, code: code}, nil
	case o.refuses(a, id):
		return progress{code: code}, nil
	case code == codeUnnamed:
		code = ""
	}
	return progress{}, c.callError(call, a, code, nil)
}

// refuses tells whether an error object says how the request with an ID ended,
// and does not speak of the call alone.
func (o *orderAnswer) refuses(a *answer, id string) bool {
	var echo struct {
		Request map[string]json.RawMessage `json:"request"`
	}
	_ = decode(a.body, &echo) // what can't be read is no echo
	_, nested := o.nested()
	about := o.RequestID == id || nested == id || len(echo.Request) > 0
	switch code := answerCode(a.body); code {
	case "", codeUnnamed, "invalid_request_id", "invalid_client_token", "unauthorized_access":
		return false
	default:
		return about || a.status/100 == 2 && !aboutTheCall(code)
	}
}
