package zma

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Pages of the order list.
const (
	pageSize = 200
	maxPages = 50
)

// Find looks for an order in the list.
func (c *v1) Find(ctx context.Context, key, identity string, attempt int64, since time.Time) (*Observation, error) {
	var found *Observation
	err := c.List(ctx, since, func(o Observation) bool {
		if o.matches(key, identity, attempt) {
			found = &o
		}
		return found == nil
	})
	return found, err
}

// matches tells whether an order of the list is one of ours. The key decides
// where the list echoes it.
func (o Observation) matches(key, identity string, attempt int64) bool {
	if o.Key != "" {
		return o.Key == key
	}
	return o.Identity != "" && o.Identity == identity && o.Attempt == attempt
}

// List visits the list.
func (c *v1) List(ctx context.Context, since time.Time, visit func(Observation) bool) error {
	page := func(skip int) ([]json.RawMessage, error) { return c.page(ctx, skip, since) }
	return walk(maxPages, page, func(raw json.RawMessage) Observation { return c.valued(listed(raw)) }, visit)
}

// listed reads an entry of the list.
func listed(raw json.RawMessage) Observation {
	o, err := parseOrder(raw)
	if err != nil || !plainWord(o.RequestID) {
		return Observation{Phase: Processing}
	}
	out, err := o.observation()
	if err != nil {
		out.Phase = Processing // it exists; how far it is, Get will tell
	}
	return out
}

func (c *v1) page(ctx context.Context, skip int, since time.Time) ([]json.RawMessage, error) {
	ctx, cancel := c.pageContext(ctx)
	defer cancel()
	query := url.Values{
		"limit": {strconv.Itoa(pageSize)}, "skip": {strconv.Itoa(skip)},
		"starting_after": {strconv.FormatInt(since.UnixMilli(), 10)},
	}
	a, failed := c.do(ctx, callList, http.MethodGet, "/orders?"+query.Encode(), nil)
	if failed != nil {
		return nil, unanswered(callList, failed)
	}
	entries, ok := listOf(a.body)
	if a.status/100 != 2 || !ok {
		return nil, c.callError(callList, a, answerCode(a.body), nil)
	}
	return entries, nil
}

// listOf reads a list of orders.
func listOf(body []byte) ([]json.RawMessage, bool) { return listIn(body, "orders") }
