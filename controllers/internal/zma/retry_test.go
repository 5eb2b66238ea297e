package zma

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

const retryKey = "0b5a3d8e-91c4-5c7a-8a44-0d7c1f2b9e10"

// failedOrder is one whose first attempt has failed, and whose next one is bought.
func failedOrder(t *testing.T, c Client) string {
	t.Helper()
	sent := c.Submit(t.Context(), request(zmasim.ProductFailOnce("internal_error")))
	return until(t, c, sent.RequestID, func(o Observation) bool { return o.Phase == Failed }).RequestID
}

// TestARetryWithALostAnswerBuysOnce: its key makes the repeat harmless, and finds
// the order in the list.
func TestARetryWithALostAnswerBuysOnce(t *testing.T) {
	sim := simulator(t, zmasim.Options{})
	c := client(t, sim.URL())
	failed := failedOrder(t, c)
	sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders/" + failed, Kind: zmasim.DropAfter, Times: 1})
	_, err := c.Retry(t.Context(), failed, retryKey)
	failsAs(t, err, "retry", KindUnavailable, "")
	found, err := c.Find(t.Context(), retryKey, "", 0, time.Now().Add(-time.Minute))
	if err != nil || found == nil {
		t.Fatalf("Find = %v, %v", found, err)
	}
	again, err := c.Retry(t.Context(), failed, retryKey)
	if err != nil || again != found.RequestID || again == failed {
		t.Fatalf("Retry = %s, %v, want %s", again, err, found.RequestID)
	}
	until(t, c, again, placed)
	if n := len(sim.Record().Purchases); n != 1 {
		t.Errorf("%d purchases, want 1", n)
	}
}

func TestARetryOfWhatHasNotFailedIsRefused(t *testing.T) {
	c := client(t, simulator(t, zmasim.Options{}).URL())
	sent := c.Submit(t.Context(), request(zmasim.ProductStuck))
	_, err := c.Retry(t.Context(), sent.RequestID, retryKey)
	failsAs(t, err, "retry", KindRefused, "invalid_request")
	_, err = c.Retry(t.Context(), "0123456789abcdef0123456789abcdef", retryKey)
	failsAs(t, err, "retry", KindNotFound, "invalid_request_id")
}

// TestARetryIsAPaidCall: what a paid call's answer leaves open, a retry's does
// too.
func TestARetryIsAPaidCall(t *testing.T) {
	failure := func(code string) string { return `{"_type":"error","code":"` + code + `"}` }
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
		code   string
	}{
		"a documented refusal is proof":           {400, failure("product_unavailable"), KindRefused, "product_unavailable"},
		"a refused token is proof":                {401, ``, KindUnauthorized, ""},
		"too many requests are proof":             {429, ``, KindRateLimited, ""},
		"an unknown order is proof":               {200, failure("invalid_request_id"), KindNotFound, "invalid_request_id"},
		"a page that is not found proves nothing": {404, `<html>`, KindUnreadable, ""},
		"a code that nobody knows proves nothing": {400, failure("never_heard_of"), KindUnreadable, "never_heard_of"},
		"a passing fault proves nothing":          {400, failure("zma_temporarily_overloaded"), KindUnreadable, "zma_temporarily_overloaded"},
		"a likely order proves nothing":           {200, failure("order_probably_placed"), KindUnreadable, "order_probably_placed"},
		"even with 401":                           {401, failure("order_probably_placed"), KindUnreadable, "order_probably_placed"},
		"nor does a duplicate with 429":           {429, failure("duplicate_order"), KindUnreadable, "duplicate_order"},
		"an order somewhere proves nothing":       {200, failure("request_processing"), KindUnreadable, "request_processing"},
		"a server error proves nothing":           {500, failure("product_unavailable"), KindUnavailable, "product_unavailable"},
		"success without an ID proves nothing":    {200, `{}`, KindUnreadable, ""},
		"the failed order itself is no new one":   {200, `{"request_id":"abc"}`, KindUnreadable, ""},
		"an answer that can't be read":            {200, `%%%`, KindUnreadable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := serve(t, answerWith(c.status, nil, c.body)).Retry(t.Context(), "abc", retryKey)
			failsAs(t, err, "retry", c.kind, c.code)
			if id != "" {
				t.Errorf("Retry = %q", id)
			}
		})
	}
}

func TestTheKeyOfARetryGoesIntoItsBody(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var sent map[string]string
		_ = json.Unmarshal(body, &sent) // a body that can't be read shows in the comparison
		if diff := cmp.Diff(map[string]string{"idempotency_key": retryKey}, sent); diff != "" || r.URL.Path != "/v1/orders/abc/retry" {
			t.Errorf("%s: %s", r.URL.Path, diff)
		}
		answerWith(200, nil, `{"request_id":"xyz"}`)(w, r)
	})
	if id, err := c.Retry(t.Context(), "abc", retryKey); err != nil || id != "xyz" {
		t.Errorf("Retry = %q, %v", id, err)
	}
	for _, bad := range [][2]string{{"abc", ""}, {"abc", retryKey + "x"}, {"a/b", retryKey}} {
		_, err := c.Retry(t.Context(), bad[0], bad[1])
		failsAs(t, err, "retry", KindNotSent, "")
	}
}
