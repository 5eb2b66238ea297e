package zma

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// entry is an order in the list, as it was sent.
func entry(id, key, identity string, attempt int) string {
	return fmt.Sprintf(`{"_type":"error","code":"request_processing","request_id":%q,"request":{"idempotency_key":%q,"client_notes":{"identity":%q,"attempt":%d}}}`,
		id, key, identity, attempt)
}

// pages serves a list of entries, at most limit of them at once whatever is asked.
func pages(limit int, entries ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
		skip = min(skip, len(entries))
		_, _ = fmt.Fprintf(w, `{"orders":[%s]}`, strings.Join(entries[skip:min(skip+limit, len(entries))], ","))
	}
}

func others(n int) []string {
	var out []string
	for i := range n {
		out = append(out, entry(fmt.Sprintf("other%d", i), fmt.Sprintf("key-%d", i), fmt.Sprintf("shop/web/%d", i), 1))
	}
	return out
}

const ours = "shop/web/1001"

func TestFindTellsOurOrderFromOthers(t *testing.T) {
	mine := entry("abc", key, ours, 1)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string // request ID; none is not found
	}{
		"by its key":                              {pages(200, append(others(3), mine)...), "abc"},
		"by the key inside the notes":             {pages(200, `{"_type":"order_response","request_id":"abc","request":{"client_notes":{"key":"`+key+`"}}}`), "abc"},
		"by identity and attempt without a key":   {pages(200, entry("abc", "", ours, 1)), "abc"},
		"another attempt is another purchase":     {pages(200, entry("abc", "", ours, 2)), ""},
		"another key is another purchase":         {pages(200, entry("abc", "another", ours, 1)), ""},
		"another identity is another order":       {pages(200, entry("abc", "", "shop/web/1002", 1)), ""},
		"an empty list":                           {pages(200), ""},
		"on a later page":                         {pages(200, append(others(450), mine)...), "abc"},
		"where pages are shorter than asked":      {pages(10, append(others(35), mine)...), "abc"},
		"beside entries that can't be read":       {pages(200, `7`, `{"request_id":5}`, `{}`, mine), "abc"},
		"in a list without its wrapper":           {answerWith(200, nil, `[`+mine+`]`), "abc"},
		"an order of a shape that nobody knows":   {pages(200, `{"request_id":"abc","request":{"idempotency_key":"`+key+`"}}`), "abc"},
		"where the provider ignores what to skip": {answerWith(200, nil, `{"orders":[`+strings.Join(others(5), ",")+`]}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got, err := client(t, s.URL).Find(t.Context(), key, ours, 1, time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if (got == nil) != (c.want == "") || got != nil && (got.RequestID != c.want || got.Phase == "") {
				t.Errorf("Find = %+v, want %q", got, c.want)
			}
		})
	}
}

// TestFindDoesNotCallAFailureAnAbsence: the caller must know that it has not
// looked.
func TestFindDoesNotCallAFailureAnAbsence(t *testing.T) {
	second := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("skip") == "0" {
			pages(200, others(200)...)(w, r)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		id, _ := json.Marshal("id" + r.URL.Query().Get("skip"))
		_, _ = fmt.Fprintf(w, `{"orders":[{"request_id":%s}]}`, id)
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    Kind
	}{
		"an error page":                     {answerWith(502, nil, `<html>`), KindUnavailable},
		"a list under a server error":       {answerWith(500, nil, `{"orders":[]}`), KindUnavailable},
		"a refused token":                   {answerWith(200, nil, `{"_type":"error","code":"invalid_client_token"}`), KindUnauthorized},
		"too many requests":                 {answerWith(429, nil, ``), KindRateLimited},
		"an answer without a list":          {answerWith(200, nil, `{"orders":null}`), KindUnreadable},
		"a page that fails after the first": {second, KindUnavailable},
		"a list without an end":             {endless, KindUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got, err := client(t, s.URL).Find(t.Context(), key, ours, 1, time.Unix(0, 0))
			var call *CallError
			if got != nil || !errors.As(err, &call) || call.Kind != c.kind {
				t.Errorf("Find = %+v, %v, want a CallError of kind %s", got, err, c.kind)
			}
		})
	}
}

func TestFindAsksFromATimeOnInMilliseconds(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("starting_after"); r.URL.Path != "/v1/orders" || got != "1772366400123" {
			t.Errorf("%s starting_after=%s", r.URL.Path, got)
		}
		pages(200)(w, r)
	}))
	t.Cleanup(s.Close)
	if _, err := client(t, s.URL).Find(t.Context(), key, ours, 1, time.UnixMilli(1772366400123)); err != nil {
		t.Error(err)
	}
}
