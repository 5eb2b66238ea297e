package zmasim

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func TestListPagesAndBounds(t *testing.T) {
	clock := time.UnixMilli(1_000_000)
	s := start(t, Options{Now: func() time.Time { return clock }})
	for i := range 12 { // placed through update, under whose lock the clock is read
		s.update(func() {
			clock = time.UnixMilli(1_000_000 + int64(i))
			s.place(mustJSON(body(ProductStuck, fmt.Sprint(i))), head{Key: fmt.Sprint(i)})
		})
	}
	tests := map[string]struct {
		query       string
		count       int
		first, last string // keys
	}{
		"ten unless told, latest first": {"", 10, "11", "2"},
		"limit":                         {"limit=3", 3, "11", "9"},
		"skip":                          {"limit=3&skip=9", 3, "2", "0"},
		"past the end":                  {"skip=12", 0, "", ""},
		"start is inclusive":            {"starting_after=1000010", 2, "11", "10"},
		"end is exclusive":              {"ending_before=1000002", 2, "1", "0"},
		"other retailer":                {"retailer=walmart", 0, "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			list := listed(s, tc.query)
			if len(list) != tc.count {
				t.Fatalf("%d entries, want %d", len(list), tc.count)
			}
			if tc.count > 0 && (keyOf(list[0]) != tc.first || keyOf(list[len(list)-1]) != tc.last) {
				t.Errorf("from %s to %s", keyOf(list[0]), keyOf(list[len(list)-1]))
			}
		})
	}
}

func keyOf(entry any) string {
	return entry.(map[string]any)["request"].(map[string]any)["idempotency_key"].(string)
}

func TestListingLagHidesYoungOrders(t *testing.T) {
	tests := map[string]struct {
		set  func(*Server)
		want int
	}{
		"no lag":     {func(*Server) {}, 1},
		"by setting": {func(s *Server) { s.SetListingLag(time.Hour) }, 0},
		"by fault":   {func(s *Server) { s.AddFault(Fault{Kind: ListingLag, Delay: time.Hour}) }, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{})
			tc.set(s)
			id := post(s, body(ProductStuck, "k")).id(t)
			if got := len(listed(s, "")); got != tc.want {
				t.Errorf("%d listed, want %d", got, tc.want)
			}
			if r := get(s, id); r.code() != "request_processing" {
				t.Errorf("GET by ID is affected: %s", r.Raw)
			}
		})
	}
}

func TestBareList(t *testing.T) {
	s := start(t, Options{Switches: Switches{BareList: true}})
	post(s, body(ProductStuck, "k")).id(t)
	var list []map[string]any
	if err := json.Unmarshal(do(s, "GET", "/v1/orders", nil).Raw, &list); err != nil || len(list) != 1 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}
