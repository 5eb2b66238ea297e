package zmasim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCallbackIsRepeatedUntilExactly200(t *testing.T) {
	s, hooks := start(t, Options{}), receive(t, 500, 404, 202, 204)
	id := post(s, body(ProductOK, "k", hooks.hooks("request_succeeded"))).id(t)
	eventually(t, "the 200", func() bool { return len(s.Record().Callbacks) == 5 })
	var statuses []int
	for _, c := range s.Record().Callbacks {
		statuses = append(statuses, c.Status)
		if c.RequestID != id || c.Event != "request_succeeded" {
			t.Errorf("recorded %+v", c)
		}
	}
	if diff := cmp.Diff([]int{500, 404, 202, 204, 200}, statuses); diff != "" {
		t.Error(diff)
	}
}

func TestCallbackBodyIsTheOrderAndNamesNoEvent(t *testing.T) {
	s, hooks := start(t, Options{}), receive(t)
	id := post(s, body(ProductFor("product_unavailable"), "k", hooks.hooks("request_failed"))).id(t)
	eventually(t, "the callback", func() bool { return len(hooks.all()) == 1 })
	var sent map[string]any
	if err := json.Unmarshal(hooks.all()[0].Body, &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(get(s, id).JSON, sent); diff != "" {
		t.Errorf("not what GET gives: %s", diff)
	}
}

func TestCallbackGoesToEveryURLAndCarriesItsUser(t *testing.T) {
	s, hooks := start(t, Options{}), receive(t)
	withUser := strings.Replace(hooks.URL, "http://", "http://user:secret@", 1)
	targets := with("webhooks", map[string]any{"request_succeeded": []any{withUser + "/a?token=t", hooks.URL + "/b"}})
	post(s, body(ProductOK, "k", targets)).id(t)
	eventually(t, "both", func() bool { return len(s.Record().Callbacks) == 2 })
	for _, g := range hooks.all() {
		if g.Path == "/a" && (g.User != "user" || g.Secret != "secret") {
			t.Errorf("got %+v", g)
		}
	}
	for _, c := range s.Record().Callbacks {
		if strings.Contains(c.URL, "secret") || strings.Contains(c.URL, "token") {
			t.Errorf("the record holds a secret: %s", c.URL)
		}
	}
}

func TestTrackingEvents(t *testing.T) {
	s, hooks := start(t, Options{}), receive(t)
	id := post(s, body(ProductSplit, "k", hooks.hooks("tracking_updated", "tracking_obtained"))).id(t)
	outcome(t, s, id)
	count := func(event string) (n int) {
		for _, p := range hooks.paths() {
			if p == "/"+event {
				n++
			}
		}
		return n
	}
	for i, want := range []struct{ updated, obtained int }{{1, 0}, {2, 0}, {3, 1}, {4, 1}, {5, 1}, {6, 1}} {
		if !s.Advance(id) {
			t.Fatalf("no step %d", i)
		}
		eventually(t, "the callbacks of the step", func() bool { return count("tracking_updated") == want.updated })
		eventually(t, "tracking_obtained with the last parcel", func() bool { return count("tracking_obtained") >= want.obtained })
		if got := count("tracking_obtained"); got != want.obtained {
			t.Errorf("step %d: tracking_obtained %d times", i, got)
		}
	}
	if s.Advance(id) {
		t.Error("a step beyond the last delivery")
	}
}

func TestCallbackFaults(t *testing.T) {
	const failed, status = "/request_failed", "/status_updated"
	tests := map[FaultKind]struct {
		want  []string
		delay time.Duration
	}{
		CallbackDrop:      {[]string{status}, 0},
		CallbackDuplicate: {[]string{failed, failed, status}, 0},
		CallbackMalformed: {[]string{failed, status}, 0},
		CallbackReorder:   {[]string{status, failed}, time.Minute},
	}
	for kind, tc := range tests {
		t.Run(string(kind), func(t *testing.T) {
			s, hooks := start(t, Options{}), receive(t)
			s.AddFault(Fault{Kind: kind, Event: "request_failed", Identity: identity, Delay: tc.delay})
			post(s, body(ProductFor("internal_error"), "k", hooks.hooks("request_failed", "status_updated"))).id(t)
			eventually(t, "all deliveries", func() bool { return len(hooks.all()) == len(tc.want) })
			got := hooks.paths()
			if kind != CallbackReorder { // only then is an order promised
				slices.Sort(got)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			for _, g := range hooks.all() {
				if broken := !json.Valid(g.Body); broken != (kind == CallbackMalformed && g.Path == failed) {
					t.Errorf("%s: broken %v", g.Path, broken)
				}
			}
			if kind == CallbackDrop && !slices.ContainsFunc(s.Record().Callbacks, func(c CallbackDelivery) bool { return c.Try == 0 }) {
				t.Error("the dropped callback is not in the record")
			}
		})
	}
}

func TestCallbackForOldComesWithTheNextOrder(t *testing.T) {
	s, hooks := start(t, Options{}), receive(t)
	s.AddFault(Fault{Kind: CallbackForOld, Identity: identity, Times: 1})
	old := post(s, body(ProductFor("internal_error"), "k1", hooks.hooks("request_failed"))).id(t)
	eventually(t, "the first", func() bool { return len(hooks.all()) == 1 })
	post(s, body(ProductStuck, "k2")).id(t)
	eventually(t, "the old one again", func() bool { return len(hooks.all()) == 2 })
	if !strings.Contains(string(hooks.all()[1].Body), old) {
		t.Errorf("got %s", hooks.all()[1].Body)
	}
}
