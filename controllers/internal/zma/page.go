package zma

import (
	"context"
	"encoding/json"
	"time"
)

// defaultPageTimeout is what one page of a list may take. The number of pages is
// not known beforehand: under one deadline for all of them, an account with many
// orders could never be searched to its end.
const defaultPageTimeout = 10 * time.Second

// pageContext gives a page its share of a caller's context.
func (c Config) pageContext(ctx context.Context) (context.Context, context.CancelFunc) {
	share := c.PageTimeout
	if share <= 0 {
		share = defaultPageTimeout
	}
	return context.WithTimeout(ctx, share)
}

// listIn reads a list with or without its wrapper; both have been seen.
func listIn(body []byte, wrapper string) ([]json.RawMessage, bool) {
	var wrapped map[string]json.RawMessage
	if json.Unmarshal(body, &wrapped) == nil {
		body = wrapped[wrapper]
	}
	var list []json.RawMessage
	return list, json.Unmarshal(body, &list) == nil && list != nil
}
