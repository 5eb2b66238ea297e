package zma

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// visited are the request IDs that List visits, at most limit of them.
func visited(t *testing.T, c Client, since time.Time, limit int) []string {
	t.Helper()
	var got []string
	err := c.List(t.Context(), since, func(o Observation) bool {
		got = append(got, o.RequestID)
		return len(got) < limit
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ids(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("other%d", i))
	}
	return out
}

func TestListVisitsEachOrderOnce(t *testing.T) {
	all := others(450)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		limit   int
		want    []string
	}{
		"none":                               {pages(200), 1000, nil},
		"over pages":                         {pages(200, all...), 1000, ids(450)},
		"where pages are shorter than asked": {pages(10, all[:35]...), 1000, ids(35)},
		"until it is told to stop":           {pages(200, all...), 201, ids(201)},
		"where the provider ignores what to skip": {answerWith(200, nil, `{"orders":[`+strings.Join(all[:5], ",")+`]}`), 1000, ids(5)},
		"in a list without its wrapper":           {answerWith(200, nil, `[`+strings.Join(all[:5], ",")+`]`), 1000, ids(5)},
		"although a new order moves the pages":    {growing(all[:15]), 1000, ids(15)},
	} {
		t.Run(name, func(t *testing.T) {
			got := visited(t, serve(t, c.handler), time.Unix(0, 0), c.limit)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// growing serves pages of ten, and has another order at its head from the second
// page on.
func growing(all []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("skip") != "0" {
			all = append([]string{entry("late", "k", "shop/web/late", 1)}, all...)
		}
		pages(10, all...)(w, r)
	}
}

func TestListVisitsWhatIsKnownOfAnEntry(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 22, 31, 123_000_000, time.UTC)
	for name, c := range map[string]struct {
		entry string
		want  []Observation
	}{
		"in processing":              {`{"_type":"error","code":"request_processing","request_id":"a","_created_at":"2026-03-01T10:22:31.123Z"}`, []Observation{{RequestID: "a", Phase: Processing, Code: "request_processing", Class: InProgress, CreatedAt: at}}},
		"failed":                     {`{"_type":"error","code":"product_unavailable","request_id":"a","_created_at":1772360551123}`, []Observation{{RequestID: "a", Phase: Failed, Code: "product_unavailable", Class: RejectedForGood, CreatedAt: at}}},
		"placed":                     {`{"_type":"order_response","request_id":"a","_created_at":"1772360551123"}`, []Observation{{RequestID: "a", Phase: Placed, CreatedAt: at}}},
		"dated in its request alone": {`{"_type":"order_response","request_id":"a","request":{"_created_at":"2026-03-01T10:22:31.123Z"}}`, []Observation{{RequestID: "a", Phase: Placed, CreatedAt: at}}},
		"dated so that nobody reads": {`{"_type":"order_response","request_id":"a","_created_at":{"at":1}}`, []Observation{{RequestID: "a", Phase: Placed}}},
		"of no known type":           {`{"_type":"poem","request_id":"a","_created_at":"2026-03-01T10:22:31.123Z","request":{"client_notes":{"identity":"shop/web/1001","attempt":1}}}`, []Observation{{RequestID: "a", Phase: Processing, Identity: ours, Attempt: 1, CreatedAt: at}}},
		"an error without a code":    {`{"_type":"error","request_id":"a"}`, []Observation{{RequestID: "a", Phase: Processing}}},
		"without a request ID":       {`{"_type":"order_response"}`, []Observation{{Phase: Processing}}},
		"with one that is a path":    {`{"_type":"order_response","request_id":"a/b"}`, []Observation{{Phase: Processing}}},
		"not an object":              {`7`, []Observation{{Phase: Processing}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Observation
			err := serve(t, pages(200, c.entry)).List(t.Context(), time.Unix(0, 0), func(o Observation) bool {
				got = append(got, o)
				return true
			})
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("List (-want +got):\n%s%v", diff, err)
			}
		})
	}
}

// TestListDoesNotCallAFailureAnEnd: the caller must know that it has not seen all.
func TestListDoesNotCallAFailureAnEnd(t *testing.T) {
	second := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("skip") != "0" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		pages(200, others(200)...)(w, r)
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"orders":[{"request_id":"id%s"}]}`, r.URL.Query().Get("skip"))
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    Kind
		visits  int
	}{
		"an error page":                     {answerWith(502, nil, `<html>`), KindUnavailable, 0},
		"a refused token":                   {answerWith(401, nil, ``), KindUnauthorized, 0},
		"too many requests":                 {answerWith(429, nil, ``), KindRateLimited, 0},
		"an answer without a list":          {answerWith(200, nil, `{}`), KindUnreadable, 0},
		"a page that fails after the first": {second, KindUnavailable, 200},
		"a list without an end":             {endless, KindUnreadable, maxPages},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			err := serve(t, c.handler).List(t.Context(), time.Unix(0, 0), func(Observation) bool { n++; return true })
			failsAs(t, err, "list", c.kind, "")
			if n != c.visits {
				t.Errorf("%d visits, want %d", n, c.visits)
			}
		})
	}
}

func TestListGivesWhatTheProviderHasSinceATime(t *testing.T) {
	sim := simulator(t, zmasim.Options{})
	c := client(t, sim.URL())
	var want []string // latest first, as the provider has them
	for i := range 3 {
		r := request()
		r.Key = fmt.Sprintf("%036d", i)
		want = append([]string{c.Submit(t.Context(), r).RequestID}, want...)
	}
	if diff := cmp.Diff(want, visited(t, c, time.Now().Add(-time.Minute), 1000)); diff != "" {
		t.Error(diff)
	}
	if got := visited(t, c, time.Now().Add(time.Minute), 1000); got != nil {
		t.Errorf("orders of the future: %v", got)
	}
	if seen, err := c.Get(t.Context(), want[0]); err != nil || time.Since(seen.CreatedAt).Abs() > time.Minute {
		t.Errorf("created at %s, %v", seen.CreatedAt, err)
	}
}
