package zma

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// orderedAt is when the order of these tests was placed.
func orderedAt() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// movement is a movement of the balance, a time after the order.
func movement(id, kind string, amount int, requestID string, after time.Duration) string {
	return fmt.Sprintf(`{"id":%q,"type":%q,"amount":%d,"request_id":%q,"created_at":%q}`,
		id, kind, amount, requestID, orderedAt().Add(after).Format(time.RFC3339))
}

// strangers are movements of other orders.
func strangers(n int, after time.Duration) []string {
	var out []string
	for i := range n {
		out = append(out, movement(fmt.Sprintf("s%d-%s", i, after), "refund", 100, fmt.Sprintf("other%d", i), after))
	}
	return out
}

// movements serves pages by offset, as asked, and counts them.
func movements(pages *atomic.Int32, all ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		pages.Add(1)
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		count, _ := strconv.Atoi(r.URL.Query().Get("count"))
		offset = min(offset, len(all))
		_, _ = fmt.Fprintf(w, `{"transactions":[%s]}`, strings.Join(all[offset:min(offset+count, len(all))], ","))
	}
}

func TestRefundsAreWhatCameBackForTheOrder(t *testing.T) {
	for name, c := range map[string]struct {
		all  []string
		want []Refund
	}{
		"none":                                {nil, nil},
		"a debit alone":                       {[]string{movement("t1", "order", -5349, "abc", 0)}, nil},
		"a refund":                            {[]string{movement("t2", "refund", 5349, "abc", time.Hour), movement("t1", "order", -5349, "abc", 0)}, []Refund{{"t2", 5349}}},
		"by a type that nobody knows":         {[]string{movement("t2", "goodwill", 100, "abc", time.Hour)}, nil},
		"without a type":                      {[]string{movement("t2", "", 100, "abc", time.Hour)}, nil},
		"beside a charge of unknown type":     {[]string{movement("t2", "refund", 500, "abc", time.Hour), movement("t1", "zma_order", 3141, "abc", 0)}, []Refund{{"t2", 500}}},
		"a charge that a refund is part of":   {[]string{movement("t2", "refund_fee", 3, "abc", time.Hour)}, nil},
		"a refund with a charge's sign":       {[]string{movement("t2", "refund", -500, "abc", time.Hour)}, nil},
		"by the case's words":                 {[]string{movement("t3", "case.refund.partial", 5, "abc", time.Hour), movement("t2", "Credit", 7, "abc", time.Hour)}, []Refund{{"t3", 5}, {"t2", 7}}},
		"in two parts":                        {[]string{movement("t3", "refund", 5, "abc", time.Hour), movement("t2", "refund", 5, "abc", time.Hour)}, []Refund{{"t3", 5}, {"t2", 5}}},
		"another order's is not ours":         {[]string{movement("t2", "refund", 5349, "abd", time.Hour), movement("t3", "funding", 5349, "", time.Hour)}, nil},
		"a charge without its sign is no":     {[]string{movement("t1", "Order", 5349, "abc", 0), movement("t2", "debit", 5349, "abc", 0), movement("t3", "charge", 1, "abc", 0), movement("t4", "purchase", 1, "abc", 0)}, nil},
		"nothing is no refund":                {[]string{movement("t2", "refund", 0, "abc", time.Hour)}, nil},
		"beside entries that can't be read":   {[]string{`7`, `{"amount":"x","request_id":"abc"}`, movement("t2", "refund", 1, "abc", 0)}, []Refund{{"t2", 1}}},
		"on a later page":                     {append(strangers(150, time.Hour), movement("t2", "refund", 1, "abc", 0)), []Refund{{"t2", 1}}},
		"beyond a page that can't be read":    {append(unreadables(100), movement("t2", "refund", 1, "abc", 0)), []Refund{{"t2", 1}}},
		"a movement that is listed twice":     {[]string{movement("t2", "refund", 1, "abc", 0), movement("t2", "refund", 1, "abc", 0)}, []Refund{{"t2", 1}}},
		"twice, on two pages":                 {append(append([]string{movement("t2", "refund", 1, "abc", 0)}, strangers(99, 0)...), movement("t2", "refund", 1, "abc", 0)), []Refund{{"t2", 1}}},
		"from the time before, by its clock":  {append(strangers(100, -14*time.Minute), movement("t2", "refund", 1, "abc", -14*time.Minute)), []Refund{{"t2", 1}}},
		"not looked for before it was bought": {append(strangers(100, -16*time.Minute), movement("t2", "refund", 1, "abc", time.Hour)), nil},
		"a page of all ages goes on":          {append(append(strangers(99, -time.Hour), strangers(1, 0)...), movement("t2", "refund", 1, "abc", 0)), []Refund{{"t2", 1}}},
		"a page without times goes on":        {append(timeless(100), movement("t2", "refund", 1, "abc", 0)), []Refund{{"t2", 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			var pages atomic.Int32
			got, err := serve(t, movements(&pages, c.all...)).Refunds(t.Context(), "abc", orderedAt())
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("Refunds (-want +got):\n%s%v", diff, err)
			}
		})
	}
}

// TestMovementsOfUnknownTypeAreCounted: nothing is booked for them, so somebody has to
// hear of them, once and not with each poll.
func TestMovementsOfUnknownTypeAreCounted(t *testing.T) {
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	var pages atomic.Int32
	s := httptest.NewServer(movements(&pages, movement("t1", "zma_order", 3141, "abc", 0), movement("t2", "goodwill", 1, "other", 0),
		movement("t3", "refund", 1, "abc", 0), movement("t4", "order", -1, "abc", 0)))
	t.Cleanup(s.Close)
	c, err := NewV1(Config{BaseURL: s.URL, Token: token, HTTP: NewHTTPClient(), Metrics: m, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Refunds(t.Context(), "abc", orderedAt()); err != nil {
			t.Fatal(err)
		}
	}
	if got := testutil.ToFloat64(m.UnknownCodes); got != 1 {
		t.Errorf("%v unknown types, want that of the order's charge", got)
	}
}

func unreadables(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`{"id":"u%d"}`, i))
	}
	return out
}

func timeless(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`{"id":"n%d","amount":1}`, i))
	}
	return out
}

// TestRefundsWithoutIDsKeepTheirReferences: the same refund must not be booked
// twice, whatever comes in after it, and two equal ones are two.
func TestRefundsWithoutIDsKeepTheirReferences(t *testing.T) {
	a, b := movement("", "refund", 100, "abc", time.Hour), movement("", "refund", 100, "abc", 2*time.Hour)
	c := movement("", "refund", 70, "abc", time.Hour)
	read := func(all ...string) []Refund {
		var pages atomic.Int32
		got, err := serve(t, movements(&pages, all...)).Refunds(t.Context(), "abc", orderedAt())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := read(c, a, a)
	later := read(append(strangers(1, 3*time.Hour), b, c, a, a)...)
	if len(first) != 3 || first[1].Reference == first[2].Reference || len(later) != 4 {
		t.Fatalf("references %+v, then %+v", first, later)
	}
	if diff := cmp.Diff(first, later[1:]); diff != "" {
		t.Errorf("references changed: %s", diff)
	}
	for _, r := range later {
		if r.Reference == "" || len(r.Reference) > 128 {
			t.Errorf("reference %q", r.Reference)
		}
	}
	if shown := read(append(append([]string{a}, strangers(99, 0)...), a)...); len(shown) != 1 {
		t.Errorf("one refund, pushed on to the next page, reads as %+v", shown)
	}
}

// TestRefundsEndTheirWalk, whatever the provider does with the offset.
func TestRefundsEndTheirWalk(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(*atomic.Int32) http.HandlerFunc
		pages   int32
	}{
		"an empty list":                   {func(n *atomic.Int32) http.HandlerFunc { return movements(n) }, 1},
		"a short list, and its end":       {func(n *atomic.Int32) http.HandlerFunc { return movements(n, strangers(3, time.Hour)...) }, 2},
		"a page that is older":            {func(n *atomic.Int32) http.HandlerFunc { return movements(n, strangers(500, -time.Hour)...) }, 1},
		"an offset that is ignored":       {ignoresOffset, 2},
		"a list without an end":           {func(n *atomic.Int32) http.HandlerFunc { return movements(n, strangers(3000, time.Hour)...) }, 20},
		"as many pages as there are news": {func(n *atomic.Int32) http.HandlerFunc { return movements(n, strangers(250, time.Hour)...) }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			var pages atomic.Int32
			got, err := serve(t, c.handler(&pages)).Refunds(t.Context(), "abc", orderedAt())
			if got != nil || err != nil || pages.Load() != c.pages {
				t.Errorf("Refunds = %+v, %v after %d pages, want %d", got, err, pages.Load(), c.pages)
			}
		})
	}
}

func ignoresOffset(n *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		answerWith(200, nil, `[`+strings.Join(strangers(100, time.Hour), ",")+`]`)(w, r)
	}
}

func TestRefundsNeedARequestIDAndTime(t *testing.T) {
	var pages atomic.Int32
	c := serve(t, movements(&pages))
	_, err := c.Refunds(t.Context(), "a b", orderedAt())
	failsAs(t, err, "transactions", KindNotSent, "")
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Refunds(done, "abc", orderedAt())
	failsAs(t, err, "transactions", KindNotSent, "")
	if pages.Load() != 0 {
		t.Error("a call was made")
	}
}

// TestACancelledMerchantOrderIsRefunded, and asking again brings no more.
func TestACancelledMerchantOrderIsRefunded(t *testing.T) {
	sim := simulator(t, zmasim.Options{})
	c := client(t, sim.URL())
	order := bought(t, c, zmasim.ProductSplit)
	since := time.Now()
	var shares []Refund
	for _, merchant := range []string{order.MerchantOrderIDs[0], order.MerchantOrderIDs[0], order.MerchantOrderIDs[1]} {
		id, err := c.Cancel(t.Context(), order.RequestID, merchant)
		if err != nil {
			t.Fatal(err)
		}
		if end, _ := ended(t, c, id); end.State != CancellationDone {
			t.Fatalf("ended as %+v", end)
		}
		if shares, err = c.Refunds(t.Context(), order.RequestID, since); err != nil {
			t.Fatal(err)
		}
	}
	if len(shares) != 2 || shares[0].Cents+shares[1].Cents != order.Price.TotalCents || shares[0].Reference == shares[1].Reference {
		t.Errorf("refunds %+v of %d", shares, order.Price.TotalCents)
	}
}
