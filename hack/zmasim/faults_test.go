package zmasim

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestFaultOnPost(t *testing.T) {
	none := func(t *testing.T, r reply) {
		if r.Err == nil {
			t.Errorf("answered with %d %s, want none", r.Status, r.Raw)
		}
	}
	status := func(want int) func(*testing.T, reply) {
		return func(t *testing.T, r reply) {
			if r.Err != nil || r.Status != want || r.JSON["request_id"] != nil {
				t.Errorf("got %d %s %v, want %d without a request ID", r.Status, r.Raw, r.Err, want)
			}
		}
	}
	tests := map[FaultKind]struct {
		fault  Fault
		answer func(*testing.T, reply)
		effect bool // before the call is repeated
	}{
		DropBefore:   {Fault{}, none, false},
		DropAfter:    {Fault{}, none, true},
		ErrorBefore:  {Fault{Status: 503}, status(503), false},
		ErrorAfter:   {Fault{}, status(500), true},
		HTML502:      {Fault{}, status(502), false},
		HTML502After: {Fault{}, status(502), true},
		Malformed:    {Fault{}, status(200), true},
		NoRequestID:  {Fault{}, status(200), true},
		TooManyRequests: {Fault{RetryAfter: 1500 * time.Millisecond}, func(t *testing.T, r reply) {
			if r.Status != 429 || r.Header.Get("Retry-After") != "2" {
				t.Errorf("got %d, Retry-After %q", r.Status, r.Header.Get("Retry-After"))
			}
		}, false},
		Slow:       {Fault{Delay: 20 * time.Millisecond}, func(t *testing.T, r reply) { r.id(t) }, true},
		LateEffect: {Fault{Delay: 30 * time.Millisecond}, none, true},
	}
	for kind, tc := range tests {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, Options{})
			tc.fault.Kind, tc.fault.Times, tc.fault.Method, tc.fault.PathPrefix, tc.fault.Identity = kind, 1, "POST", "/v1/orders", identity
			s.AddFault(tc.fault)
			tc.answer(t, post(s, body(ProductOK, "k")))
			if tc.effect {
				eventually(t, "the effect", func() bool { return len(listed(s, "")) == 1 })
			} else if got := len(listed(s, "")); got != 0 {
				t.Errorf("%d orders after a call without effect", got)
			}
			outcome(t, s, post(s, body(ProductOK, "k")).id(t))
			record := s.Record()
			if got := len(record.PurchasesOf(identity)); got != 1 {
				t.Errorf("%d purchases after a repeat with the same key, want 1", got)
			}
			if got := record.Requests[0]; got.Fault != string(kind) || got.Key != "k" {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

func TestLateEffectArrivesAfterTheCallerGaveUp(t *testing.T) {
	s := start(t, Options{})
	s.AddFault(Fault{Kind: LateEffect, Delay: 100 * time.Millisecond, Times: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if r := doFor(ctx, s, "POST", "/v1/orders", body(ProductOK, "k")); r.Err == nil {
		t.Fatalf("answered: %s", r.Raw)
	}
	eventually(t, "the late purchase", func() bool { return len(s.Record().PurchasesOf(identity)) == 1 })
	eventually(t, "its order in the record of the call", func() bool {
		record := s.Record()
		return record.Requests[0].RequestID == record.PurchasesOf(identity)[0].RequestID
	})
}

func TestFaultRulesMeetOnlyWhatTheyName(t *testing.T) {
	tests := map[string]struct {
		fault Fault
		hit   bool
	}{
		"any":                 {Fault{}, true},
		"other method":        {Fault{Method: "GET"}, false},
		"other path":          {Fault{PathPrefix: "/v1/addax"}, false},
		"same identity":       {Fault{Identity: identity}, true},
		"other identity":      {Fault{Identity: "shop/store/2"}, false},
		"same product":        {Fault{ProductID: ProductOK}, true},
		"other product":       {Fault{ProductID: ProductSlow}, false},
		"callbacks untouched": {Fault{Kind: CallbackDrop}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{})
			tc.fault.Kind = orElse(tc.fault.Kind, ErrorBefore)
			s.AddFault(tc.fault)
			if hit := post(s, body(ProductOK, "k")).Status == 500; hit != tc.hit {
				t.Errorf("hit %v, want %v", hit, tc.hit)
			}
		})
	}
}

func TestFaultsAreUsedInOrderAndUp(t *testing.T) {
	s := start(t, Options{})
	s.AddFault(Fault{Kind: ErrorBefore, Status: 501, Times: 2})
	s.AddFault(Fault{Kind: ErrorBefore, Status: 503})
	var got []int
	for range 4 {
		got = append(got, post(s, body(ProductOK, "k")).Status)
	}
	s.ClearFaults()
	got = append(got, post(s, body(ProductOK, "k")).Status)
	if want := "[501 501 503 503 200]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestUnknownID404HidesAKnownOrder(t *testing.T) {
	s := start(t, Options{})
	id := post(s, body(ProductOK, "k")).id(t)
	s.AddFault(Fault{Kind: UnknownID404, Method: "GET", Identity: identity, Times: 1})
	if r := get(s, id); r.Status != 404 || r.code() != "invalid_request_id" {
		t.Errorf("got %d %s", r.Status, r.Raw)
	}
	outcome(t, s, id)
}
