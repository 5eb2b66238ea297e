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

// Pages of the order list.
const (
	pageSize = 200
	maxPages = 50
)

// Find looks for an order in the list.
func (c *v1) Find(ctx context.Context, key, identity string, attempt int64, since time.Time) (*Observation, error) {
	match := func(o Observation) bool {
		if o.Key != "" {
			return o.Key == key
		}
		return o.Identity != "" && o.Identity == identity && o.Attempt == attempt
	}
	seen := map[string]bool{}
	skip := 0
	for range maxPages {
		entries, err := c.page(ctx, skip, since)
		if err != nil {
			return nil, err
		}
		found, news := search(entries, match, seen)
		if found != nil || !news {
			return found, nil
		}
		skip += len(entries)
	}
	return nil, &CallError{Call: callList, Kind: KindUnreadable, Err: fmt.Errorf("the list goes on after %d pages", maxPages)}
}

// search looks through a page. news tells whether it held anything not seen
// before. The end of the list is a page without news: a short page is none, since
// the provider may cap pages lower than asked, and neither is a full one, since
// it may ignore what to skip.
func search(entries []json.RawMessage, match func(Observation) bool, seen map[string]bool) (found *Observation, news bool) {
	for _, raw := range entries {
		o, err := parseOrder(raw)
		if err != nil || !plainWord(o.RequestID) {
			continue // an entry that can't be read proves nothing either
		}
		news = news || !seen[o.RequestID]
		seen[o.RequestID] = true
		out, err := o.observation()
		if !match(out) {
			continue
		}
		if err != nil {
			out.Phase = Processing // it exists; how far it is, Get will tell
		}
		return &out, news
	}
	return nil, news
}

func (c *v1) page(ctx context.Context, skip int, since time.Time) ([]json.RawMessage, error) {
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
