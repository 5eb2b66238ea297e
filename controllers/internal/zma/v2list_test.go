package zma

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func v2EntryOf(id, key, identity string, attempt int) string {
	return fmt.Sprintf(`{"id":%q,"status":"pending","metadata":{"identity":%q,"attempt":"%d","key":%q}}`, id, identity, attempt, key)
}

func v2Others(n int) []string {
	var out []string
	for i := range n {
		out = append(out, v2EntryOf(fmt.Sprintf("other%d", i), fmt.Sprintf("key-%d", i), fmt.Sprintf("shop/web/%d", i), 1))
	}
	return out
}

// v2Pages serves a list of entries, at most limit of them at once, and filters
// nothing.
func v2Pages(limit int, entries ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		offset = min(offset, len(entries))
		page := entries[offset:min(offset+limit, len(entries))]
		_, _ = fmt.Fprintf(w, `{"orders":[%s],"total":%d,"limit":%d,"offset":%d}`, strings.Join(page, ","), len(entries), limit, offset)
	}
}

func TestFindByVersion2TellsOurOrderFromOthers(t *testing.T) {
	mine := v2EntryOf("abc", key, ours, 1)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string // request ID; none is not found
	}{
		"by its key":                            {v2Pages(200, mine), "abc"},
		"where the list is not filtered":        {v2Pages(200, append(v2Others(3), mine)...), "abc"},
		"another key is another purchase":       {v2Pages(200, v2EntryOf("abc", "another", ours, 1)), ""},
		"by identity and attempt without a key": {v2Pages(200, v2EntryOf("abc", "", ours, 1)), "abc"},
		"another attempt is another purchase":   {v2Pages(200, v2EntryOf("abc", "", ours, 2)), ""},
		"an order without notes is not ours":    {v2Pages(200, `{"id":"abc","status":"pending"}`), ""},
		"an empty list":                         {v2Pages(200), ""},
		"on a later page":                       {v2Pages(100, append(v2Others(250), mine)...), "abc"},
		"where pages are shorter than asked":    {v2Pages(10, append(v2Others(35), mine)...), "abc"},
		"beside entries that can't be read":     {v2Pages(200, `7`, `{"id":5}`, `{}`, mine), "abc"},
		"an order of no known status":           {v2Pages(200, strings.Replace(mine, "pending", "shipped", 1)), "abc"},
		"an ID that is a path is none":          {v2Pages(200, v2EntryOf("a/b", key, ours, 1)), ""},
		"where the provider ignores the offset": {answerWith(200, nil, `{"orders":[`+strings.Join(v2Others(5), ",")+`]}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got, err := clientV2(t, s.URL).Find(t.Context(), key, ours, 1, time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if (got == nil) != (c.want == "") || got != nil && (got.RequestID != c.want || got.Phase == "") {
				t.Errorf("Find = %+v, want %q", got, c.want)
			}
		})
	}
}

func TestFindByVersion2AsksForTheKey(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); r.URL.Path != "/orders" || q.Get("metadata_key") != "key" || q.Get("metadata_value") != key {
			t.Errorf("asked for %s", r.URL)
		}
		v2Pages(200)(w, r)
	}))
	t.Cleanup(s.Close)
	if _, err := clientV2(t, s.URL).Find(t.Context(), key, ours, 1, time.Time{}); err != nil {
		t.Error(err)
	}
}

// TestFindByVersion2DoesNotCallAFailureAnAbsence: the caller must know that it
// has not looked.
func TestFindByVersion2DoesNotCallAFailureAnAbsence(t *testing.T) {
	second := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("offset") == "0" {
			v2Pages(100, v2Others(100)...)(w, r)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"orders":[{"id":"id%s"}]}`, r.URL.Query().Get("offset"))
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    Kind
	}{
		"an error page":                     {answerWith(502, nil, `<html>`), KindUnavailable},
		"a list under a server error":       {answerWith(500, nil, `{"orders":[]}`), KindUnavailable},
		"a refused token":                   {answerWith(401, nil, `{"code":"invalid_token"}`), KindUnauthorized},
		"too many requests":                 {answerWith(429, nil, ``), KindRateLimited},
		"a filter that is refused":          {answerWith(422, nil, `{"detail":[{"loc":["query","metadata_key"]}]}`), KindRefused},
		"an answer without a list":          {answerWith(200, nil, `{"orders":null}`), KindUnreadable},
		"a page that fails after the first": {second, KindUnavailable},
		"a list without an end":             {endless, KindUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got, err := clientV2(t, s.URL).Find(t.Context(), key, ours, 1, time.Unix(0, 0))
			var call *CallError
			if got != nil || !errors.As(err, &call) || call.Kind != c.kind {
				t.Errorf("Find = %+v, %v, want a CallError of kind %s", got, err, c.kind)
			}
		})
	}
}

// TestListOfVersion2VisitsEachOrderOnce, those of no known status too, and one that
// can't be read without an ID.
func TestListOfVersion2VisitsEachOrderOnce(t *testing.T) {
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	entries := append(v2Others(15), `{"id":"old","status":"pending","created_at":"2026-03-01T11:59:59Z"}`,
		`{"id":"new","status":"pending","created_at":"2026-03-01T12:00:00Z"}`, `{"id":"odd","status":"shipped"}`, `{"id":5}`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("created_after"); got != "2026-03-01T12:00:00Z" {
			t.Errorf("created_after=%s", got)
		}
		v2Pages(10, entries...)(w, r)
	}))
	t.Cleanup(s.Close)
	var ids []string
	phases := map[string]Phase{}
	err := clientV2(t, s.URL).List(t.Context(), since, func(o Observation) bool {
		ids = append(ids, o.RequestID)
		phases[o.RequestID] = o.Phase
		return true
	})
	var want []string
	for i := range 15 {
		want = append(want, fmt.Sprintf("other%d", i))
	}
	if diff := cmp.Diff(append(want, "new", "odd", ""), ids); diff != "" || err != nil {
		t.Errorf("List: %v (-want +got):\n%s", err, diff)
	}
	if phases["odd"] != Processing {
		t.Errorf("phases %v", phases)
	}
	visits := 0
	err = clientV2(t, s.URL).List(t.Context(), since, func(Observation) bool { visits++; return visits < 3 })
	if visits != 3 || err != nil {
		t.Errorf("%d visits, %v, want to stop at 3", visits, err)
	}
}
