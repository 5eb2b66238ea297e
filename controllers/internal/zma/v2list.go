package zma

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Pages of version 2's order list.
const (
	v2PageSize = 100
	v2MaxPages = 100
)

// Find looks for an order by the key in its notes, which the list can be asked
// for; since is not needed for that. What the list gives is checked all the same:
// a filter that is not applied would make another's order ours.
func (c *v2) Find(ctx context.Context, key, identity string, attempt int64, _ time.Time) (*Observation, error) {
	var found *Observation
	query := url.Values{"metadata_key": {"key"}, "metadata_value": {key}}
	err := c.walk(ctx, query, func(o Observation) bool {
		if o.matches(key, identity, attempt) {
			found = &o
		}
		return found == nil
	})
	return found, err
}

// List visits the orders created since a time.
func (c *v2) List(ctx context.Context, since time.Time, visit func(Observation) bool) error {
	query := url.Values{"created_after": {since.UTC().Format(time.RFC3339)}}
	return c.walk(ctx, query, func(o Observation) bool {
		if !o.CreatedAt.IsZero() && o.CreatedAt.Before(since) {
			return true
		}
		return visit(o)
	})
}

func (c *v2) walk(ctx context.Context, query url.Values, visit func(Observation) bool) error {
	page := func(skip int) ([]json.RawMessage, error) { return c.page(ctx, query, skip) }
	return walk(v2MaxPages, page, func(raw json.RawMessage) Observation { return c.valued(v2Listed(raw)) }, visit)
}

// v2Listed reads an entry of the list.
func v2Listed(raw json.RawMessage) Observation {
	o, err := parseV2Order(raw)
	if err != nil || !plainWord(o.ID) {
		return Observation{Phase: Processing}
	}
	out, err := o.observation()
	if err != nil {
		out.Phase = Processing // it exists; how far it is, Get will tell
	}
	return out
}

func (c *v2) page(ctx context.Context, query url.Values, offset int) ([]json.RawMessage, error) {
	query.Set("limit", strconv.Itoa(v2PageSize))
	query.Set("offset", strconv.Itoa(offset))
	ctx, cancel := c.pageContext(ctx)
	defer cancel()
	a, failed := c.do(ctx, callList, http.MethodGet, "/orders?"+query.Encode(), nil)
	if failed != nil {
		return nil, unanswered(callList, failed)
	}
	entries, ok := listOf(a.body)
	if a.status/100 != 2 || !ok {
		return nil, c.v2CallError(callList, a, nil)
	}
	return entries, nil
}
