package zma

import (
	"context"
	"errors"
	"net/http"
)

// Calls by the names that metrics and errors have for them.
const (
	callSubmit       = "submit"
	callGet          = "get"
	callAbort        = "abort"
	callRetry        = "retry"
	callList         = "list"
	callCancel       = "cancel"
	callCancellation = "cancellation"
	callCase         = "case"
	callOpenCase     = "open-case"
	callReturn       = "return"
	callReturned     = "returned"
	callBalance      = "balance"
	callTransactions = "transactions"
)

// Get reads an order.
func (c *v1) Get(ctx context.Context, requestID string) (Observation, error) {
	return c.order(ctx, callGet, http.MethodGet, "", requestID)
}

// Abort asks the provider to stop an order.
func (c *v1) Abort(ctx context.Context, requestID string) (Observation, error) {
	return c.order(ctx, callAbort, http.MethodPost, "/abort", requestID)
}

func (c *v1) order(ctx context.Context, call, method, suffix, requestID string) (Observation, error) {
	if !plainWord(requestID) {
		return Observation{}, notAnID(call)
	}
	a, failed := c.do(ctx, call, method, "/orders/"+requestID+suffix, nil)
	if failed != nil {
		return Observation{}, unanswered(call, failed)
	}
	o, err := parseOrder(a.body)
	if err != nil || o.Type == "" {
		return Observation{}, c.callError(call, a, "", err)
	}
	if o.RequestID != "" && o.RequestID != requestID {
		return Observation{}, unreadable(call, a, errors.New("an answer about another request"))
	}
	if e, ok := expected(ctx); ok && !o.names(requestID) && e.contradicts(o) {
		return Observation{}, unreadable(call, a, errors.New("an answer about another order"))
	}
	c.countUnknown(answerCode(a.body))
	if o.Type == "error" && !o.ends(ctx, call, a.status, requestID) {
		return Observation{}, c.callError(call, a, o.code(), nil)
	}
	out, err := o.observation()
	if err != nil {
		return Observation{}, unreadable(call, a, err)
	}
	out.RequestID = requestID
	return c.valued(out), nil
}

func unanswered(call string, f *failure) *CallError {
	kind := KindUnavailable
	if !f.sent {
		kind = KindNotSent
	}
	return &CallError{Call: call, Kind: kind, CallID: f.callID, Err: f.err}
}

// unsent is the error of a call that we do not make.
func unsent(call string, err error) *CallError {
	return &CallError{Call: call, Kind: KindNotSent, Err: err}
}

// notAnID keeps what would mean something else out of a path.
func notAnID(call string) *CallError { return unsent(call, errors.New("not a request ID")) }

// unreadable is the error of an answer that makes no sense.
func unreadable(call string, a *answer, err error) *CallError {
	return &CallError{Call: call, Kind: KindUnreadable, Status: a.status, CallID: a.callID, Err: err}
}

func (c *v1) callError(call string, a *answer, code string, err error) *CallError {
	e := &CallError{Call: call, Status: a.status, Code: code, RetryAfter: a.retryAfter, CallID: a.callID, Err: err}
	switch {
	case code == "invalid_request_id" || a.status == http.StatusNotFound:
		e.Kind = KindNotFound
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || Classify(code).Class == Operator:
		e.Kind = KindUnauthorized
	case a.status == http.StatusTooManyRequests:
		e.Kind = KindRateLimited
	case a.status >= http.StatusInternalServerError || code == "internal_error":
		e.Kind = KindUnavailable
	case code != "":
		e.Kind = KindRefused
	default:
		e.Kind = KindUnreadable
	}
	return e
}
