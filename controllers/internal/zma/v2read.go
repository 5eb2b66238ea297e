package zma

import (
	"context"
	"errors"
	"net/http"
)

// Get reads an order.
func (c *v2) Get(ctx context.Context, requestID string) (Observation, error) {
	if !plainWord(requestID) {
		return Observation{}, notAnID(callGet)
	}
	a, failed := c.do(ctx, callGet, http.MethodGet, "/orders/"+requestID, nil)
	if failed != nil {
		return Observation{}, unanswered(callGet, failed)
	}
	o, err := parseV2Order(a.body)
	if a.status/100 != 2 || err != nil || o.ID == "" {
		return Observation{}, c.v2CallError(callGet, a, err)
	}
	if o.ID != requestID {
		return Observation{}, unreadable(callGet, a, errors.New("an answer about another request"))
	}
	out, err := o.observation()
	if err != nil {
		return Observation{}, unreadable(callGet, a, err)
	}
	c.countUnknown(out.Code)
	return c.valued(out), nil
}

// Abort asks the provider to stop an order. It can until its work begins; what
// became of the order is then read from the order itself, whatever the answer.
func (c *v2) Abort(ctx context.Context, requestID string) (Observation, error) {
	if !plainWord(requestID) {
		return Observation{}, notAnID(callAbort)
	}
	a, failed := c.do(ctx, callAbort, http.MethodPost, "/orders/"+requestID+"/cancel", nil)
	if failed != nil {
		return Observation{}, unanswered(callAbort, failed)
	}
	if a.status/100 != 2 && parseV2Fault(a.body).code != "order_not_cancellable" {
		return Observation{}, c.v2CallError(callAbort, a, nil)
	}
	return c.Get(ctx, requestID)
}

// v2CallError tells how a call went wrong; by the status, which version 2 means.
func (c *v2) v2CallError(call string, a *answer, err error) *CallError {
	code := parseV2Fault(a.body).code
	e := &CallError{Call: call, Status: a.status, Code: code, RetryAfter: a.retryAfter, CallID: a.callID, Err: err}
	switch {
	case a.status == http.StatusNotFound:
		e.Kind = KindNotFound
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		e.Kind = KindUnauthorized
	case a.status == http.StatusTooManyRequests:
		e.Kind = KindRateLimited
	case a.status >= http.StatusInternalServerError:
		e.Kind = KindUnavailable
	case a.status/100 == 4 && code != "":
		e.Kind = KindRefused
	default:
		e.Kind = KindUnreadable
	}
	return e
}
