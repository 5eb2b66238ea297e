package zma

import (
	"encoding/json"
	"fmt"
)

// walk visits the entries of a list that comes in pages, each once, until visit
// answers false. The end of the list is a page without news: a short page is none,
// since the provider may cap pages lower than asked, and neither is a full one,
// since it may ignore what to skip. Entries that come in meanwhile push others on
// to the next page.
func walk(maxPages int, page func(skip int) ([]json.RawMessage, error), read func(json.RawMessage) Observation, visit func(Observation) bool) error {
	seen := map[string]bool{}
	skip := 0
	for range maxPages {
		entries, err := page(skip)
		if err != nil {
			return err
		}
		fresh := news(entries, seen, read)
		for _, o := range fresh {
			if !visit(o) {
				return nil
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		skip += len(entries)
	}
	return &CallError{Call: callList, Kind: KindUnreadable, Err: fmt.Errorf("the list goes on after %d pages", maxPages)}
}

// news gives the entries that were not seen before. One that can't be read has no
// request ID and nothing else: whoever compares lists has to know that there is
// one.
func news(entries []json.RawMessage, seen map[string]bool, read func(json.RawMessage) Observation) []Observation {
	var fresh []Observation
	for _, raw := range entries {
		o := read(raw)
		id := o.RequestID
		if id == "" {
			id = string(raw)
		}
		if !seen[id] {
			seen[id] = true
			fresh = append(fresh, o)
		}
	}
	return fresh
}
