package zma

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Get reads an order.
func (c *v1) Get(ctx context.Context, requestID string) (Observation, error) {
	return c.order(ctx, "get", http.MethodGet, "/orders/"+url.PathEscape(requestID), requestID)
}

// Abort asks the provider to stop an order.
func (c *v1) Abort(ctx context.Context, requestID string) (Observation, error) {
	return c.order(ctx, "abort", http.MethodPost, "/orders/"+url.PathEscape(requestID)+"/abort", requestID)
}

func (c *v1) order(ctx context.Context, call, method, path, requestID string) (Observation, error) {
	a, failed := c.do(ctx, call, method, path, nil)
	if failed != nil {
		return Observation{}, unanswered(call, failed)
	}
	o, err := parseOrder(a.body)
	if err != nil || o.Type == "" {
		return Observation{}, c.callError(call, a, "", err)
	}
	if o.Type == "error" && aboutTheCall(o.code()) {
		return Observation{}, c.callError(call, a, o.code(), nil)
	}
	out, err := o.observation()
	if err != nil {
		return Observation{}, &CallError{Call: call, Kind: KindUnreadable, Status: a.status, Err: err}
	}
	if out.Code != "" && !Classify(out.Code).Known {
		c.Metrics.UnknownCodes.Inc()
	}
	out.RequestID = firstOf(out.RequestID, requestID)
	return out, nil
}

// aboutTheCall tells whether a code speaks of the call and not of the order: a
// token that is refused today says nothing about an order of yesterday, and an
// unknown ID may only be queued.
func aboutTheCall(code string) bool {
	switch code {
	case "invalid_request_id", "invalid_client_token", "unauthorized_access", "invalid_json", "invalid_request", "":
		return true
	}
	return false
}

func unanswered(call string, f *failure) *CallError {
	kind := KindUnavailable
	if !f.sent {
		kind = KindNotSent
	}
	return &CallError{Call: call, Kind: kind, Err: f.err}
}

func (c *v1) callError(call string, a *answer, code string, err error) *CallError {
	e := &CallError{Call: call, Status: a.status, Code: code, RetryAfter: a.retryAfter, Err: err}
	switch {
	case code == "invalid_request_id" || a.status == http.StatusNotFound:
		e.Kind = KindNotFound
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || Classify(code).Class == Operator:
		e.Kind = KindUnauthorized
	case a.status == http.StatusTooManyRequests:
		e.Kind = KindRateLimited
	case a.status >= http.StatusInternalServerError:
		e.Kind = KindUnavailable
	case code != "":
		e.Kind = KindRefused
	default:
		e.Kind = KindUnreadable
	}
	return e
}

// Pages of the order list.
const (
	pageSize = 200
	maxPages = 50
)

// Find looks for an order in the list.
func (c *v1) Find(ctx context.Context, key, identity string, attempt int64, since time.Time) (*Observation, error) {
	for page := range maxPages {
		found, full, err := c.page(ctx, page, since, func(o Observation) bool {
			return o.Key == key || (o.Key == "" && o.Identity == identity && o.Attempt == attempt)
		})
		if err != nil || found != nil || !full {
			return found, err
		}
	}
	return nil, &CallError{Call: "list", Kind: KindUnreadable, Err: fmt.Errorf("the list has more than %d orders", maxPages*pageSize)}
}

func (c *v1) page(ctx context.Context, page int, since time.Time, match func(Observation) bool) (found *Observation, full bool, err error) {
	query := url.Values{
		"limit": {strconv.Itoa(pageSize)}, "skip": {strconv.Itoa(page * pageSize)},
		"starting_after": {strconv.FormatInt(since.UnixMilli(), 10)},
	}
	a, failed := c.do(ctx, "list", http.MethodGet, "/orders?"+query.Encode(), nil)
	if failed != nil {
		return nil, false, unanswered("list", failed)
	}
	entries, ok := listOf(a.body)
	if !ok {
		return nil, false, c.callError("list", a, codeOf(a.body), nil)
	}
	for _, raw := range entries {
		o, err := parseOrder(raw)
		if err != nil || o.RequestID == "" {
			continue // an entry that can't be read proves nothing either
		}
		seen, err := o.observation()
		if match(seen) {
			if err != nil {
				seen.Phase = Processing
			}
			return &seen, false, nil
		}
	}
	return nil, len(entries) >= pageSize, nil
}

// listOf reads the list with or without its wrapper; both have been seen.
func listOf(body []byte) ([]json.RawMessage, bool) {
	var wrapped struct {
		Orders *[]json.RawMessage `json:"orders"`
	}
	if json.Unmarshal(body, &wrapped) == nil && wrapped.Orders != nil {
		return *wrapped.Orders, true
	}
	var bare []json.RawMessage
	if json.Unmarshal(body, &bare) == nil && bare != nil {
		return bare, true
	}
	return nil, false
}

func codeOf(body []byte) string {
	o, err := parseOrder(body)
	if err != nil {
		return ""
	}
	return o.code()
}

// Balance reads the balance. Its shape is not documented, so each one that has
// been seen is taken; anything else is an error, never zero.
func (c *v1) Balance(ctx context.Context) (Balance, error) {
	a, failed := c.do(ctx, "balance", http.MethodGet, "/addax/balance", nil)
	if failed != nil {
		return Balance{}, unanswered("balance", failed)
	}
	var b struct {
		Balance   *int64 `json:"balance"`
		Available *int64 `json:"available_balance"`
		Pending   int64  `json:"pending_charges"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &b) != nil || (b.Balance == nil && b.Available == nil) {
		return Balance{}, c.callError("balance", a, codeOf(a.body), nil)
	}
	if b.Available != nil {
		return Balance{AvailableCents: *b.Available, PendingCents: b.Pending}, nil
	}
	return Balance{AvailableCents: *b.Balance - b.Pending, PendingCents: b.Pending}, nil
}
