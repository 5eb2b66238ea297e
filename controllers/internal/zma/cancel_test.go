package zma

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// serve starts a server for a test and gives a client of it.
func serve(t *testing.T, h http.HandlerFunc) Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return client(t, s.URL)
}

// failsAs checks the kind and code of a call's error, and that it names the call.
func failsAs(t *testing.T, err error, call string, kind Kind, code string) {
	t.Helper()
	var got *CallError
	if !errors.As(err, &got) || got.Call != call || got.Kind != kind || got.Code != code {
		t.Errorf("error %v, want %s of %s with code %q", err, kind, call, code)
	}
}

// bought is an order that the retailer has placed.
func bought(t *testing.T, c Client, product string) Observation {
	t.Helper()
	sent := c.Submit(t.Context(), request(product))
	if sent.Verdict != Accepted {
		t.Fatalf("Submit: %+v", sent)
	}
	return until(t, c, sent.RequestID, placed)
}

// ended reads a cancellation until it is decided, and tells whether it was seen
// pending before.
func ended(t *testing.T, c Client, id string) (end Cancellation, waited bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		seen, err := c.Cancellation(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if seen.State != CancellationPending {
			return seen, waited
		}
		waited = true
		<-time.After(2 * time.Millisecond) // leaves the processor to the simulator
	}
	t.Fatal("the cancellation stays undecided")
	return end, waited
}

// TestCancellationsGoTheirWay: a retailer that has only been asked has not
// refused.
func TestCancellationsGoTheirWay(t *testing.T) {
	for name, c := range map[string]struct {
		product string
		want    Cancellation
		back    bool
	}{
		"over an attempt": {zmasim.ProductOK, Cancellation{State: CancellationDone}, true},
		"directly":        {zmasim.ProductCancelDirect, Cancellation{State: CancellationDone}, true},
		"refused":         {zmasim.ProductCancelRefused, Cancellation{State: CancellationRefused, Code: "cancellation_refused"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simulator(t, zmasim.Options{Processing: 50 * time.Millisecond})
			client := client(t, sim.URL())
			order := bought(t, client, c.product)
			id, err := client.Cancel(t.Context(), order.RequestID, order.MerchantOrderIDs[0])
			if err != nil {
				t.Fatal(err)
			}
			if end, waited := ended(t, client, id); end != c.want || !waited {
				t.Errorf("ended as %+v (pending before: %t), want %+v", end, waited, c.want)
			}
			if got := sim.Record().Purchases[0].Cancelled; got != c.back {
				t.Errorf("the purchase is cancelled: %t, want %t", got, c.back)
			}
		})
	}
}

func TestCancelTellsARefusalFromAnErrorOfTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		id      string
		kind    Kind
		code    string
	}{
		"an ID":                              {answerWith(200, nil, `{"request_id":"xyz"}`), "xyz", "", ""},
		"whatever the status":                {answerWith(500, nil, `{"request_id":"xyz"}`), "xyz", "", ""},
		"an ID that is decided later":        {answerWith(200, nil, `{"_type":"error","code":"attempting_to_cancel","request_id":"xyz"}`), "xyz", "", ""},
		"the order can't be cancelled":       {answerWith(400, nil, `{"_type":"error","code":"invalid_request"}`), "", KindRefused, "invalid_request"},
		"said with 200":                      {answerWith(200, nil, `{"_type":"error","code":"invalid_request"}`), "", KindRefused, "invalid_request"},
		"by a code that nobody knows":        {answerWith(400, nil, `{"_type":"error","code":"too_late"}`), "", KindRefused, "too_late"},
		"a refusal that names the order":     {answerWith(200, nil, `{"_type":"error","code":"too_late","request_id":"abc"}`), "", KindRefused, "too_late"},
		"a refusal with an ID of its own":    {answerWith(200, nil, `{"_type":"error","code":"too_late","request_id":"xyz"}`), "", KindRefused, "too_late"},
		"under way, nobody knows where":      {answerWith(200, nil, `{"_type":"error","code":"attempting_to_cancel"}`), "", KindUnreadable, "attempting_to_cancel"},
		"a code that is none":                {answerWith(400, nil, `{"_type":"error","code":"a b"}`), "", KindUnreadable, codeUnnamed},
		"an order that is not known":         {answerWith(200, nil, `{"_type":"error","code":"invalid_request_id"}`), "", KindNotFound, "invalid_request_id"},
		"the ID of the order itself is none": {answerWith(200, nil, `{"request_id":"abc"}`), "", KindUnreadable, ""},
		"an ID that is a path":               {answerWith(200, nil, `{"request_id":"../abc"}`), "", KindUnreadable, ""},
		"a refused token":                    {answerWith(401, nil, ``), "", KindUnauthorized, ""},
		"too many requests":                  {answerWith(429, nil, ``), "", KindRateLimited, ""},
		"a server error":                     {answerWith(502, nil, `<html>`), "", KindUnavailable, ""},
		"a redirect is no refusal":           {answerWith(302, http.Header{"Location": {"/x"}}, `{"_type":"error","code":"invalid_request"}`), "", KindUnreadable, "invalid_request"},
		"an answer that can't be read":       {answerWith(200, nil, `%%%`), "", KindUnreadable, ""},
		"an empty answer":                    {answerWith(200, nil, ``), "", KindUnreadable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := serve(t, c.handler).Cancel(t.Context(), "abc", "112-1")
			if id != c.id {
				t.Errorf("Cancel = %q, want %q", id, c.id)
			}
			if c.kind != "" {
				failsAs(t, err, "cancel", c.kind, c.code)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTheMerchantOrderIsNamedInTheBodyAlone: its ID is the retailer's, with
// whatever that puts in.
func TestTheMerchantOrderIsNamedInTheBodyAlone(t *testing.T) {
	var calls []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var sent map[string]string
		_ = json.Unmarshal(body, &sent) // a body that can't be read shows in the comparison
		calls = append(calls, r.Method+" "+r.URL.Path+" "+sent["merchant_order_id"])
		answerWith(200, nil, `{"request_id":"xyz"}`)(w, r)
	})
	for _, id := range []string{"112-0000001-0000002", "a/../b?c"} {
		if _, err := c.Cancel(t.Context(), "abc", id); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range [][2]string{{"abc", ""}, {"abc", strings.Repeat("1", 65)}, {"a/b", "112-1"}, {"", "112-1"}} {
		_, err := c.Cancel(t.Context(), bad[0], bad[1])
		failsAs(t, err, "cancel", KindNotSent, "")
	}
	want := "POST /v1/orders/abc/cancel 112-0000001-0000002, POST /v1/orders/abc/cancel a/../b?c"
	if got := strings.Join(calls, ", "); got != want {
		t.Errorf("calls %s, want %s", got, want)
	}
}

// TestCancellationNeverTakesAnErrorOfTheCallForARefusal: a refusal is final, and
// the operator would stop to look.
func TestCancellationNeverTakesAnErrorOfTheCallForARefusal(t *testing.T) {
	failure := func(code, more string) string { return `{"_type":"error","code":"` + code + `"` + more + `}` }
	for name, c := range map[string]struct {
		status int
		body   string
		state  CancellationState
		code   string
		kind   Kind
	}{
		"done":                                  {200, `{"_type":"cancellation_response","merchant_order_id":"112-1"}`, CancellationDone, "", ""},
		"processing":                            {200, failure("request_processing", ""), CancellationPending, "request_processing", ""},
		"attempting":                            {200, failure("attempting_to_cancel", ""), CancellationPending, "attempting_to_cancel", ""},
		"attempting, said with 400":             {400, failure("attempting_to_cancel", ""), CancellationPending, "attempting_to_cancel", ""},
		"looked at by the staff":                {200, failure("manual_review_required", ""), CancellationPending, "manual_review_required", ""},
		"refused":                               {200, failure("cancellation_refused", ""), CancellationRefused, "cancellation_refused", ""},
		"refused by a code inside data":         {200, `{"_type":"error","data":{"code":"too_late"}}`, CancellationRefused, "too_late", ""},
		"refused with 400, by its ID":           {400, failure("too_late", `,"request_id":"abc"`), CancellationRefused, "too_late", ""},
		"refused with 400, by its echo":         {400, failure("invalid_request", `,"request":{"merchant_order_id":"112-1"}`), CancellationRefused, "invalid_request", ""},
		"400 about nothing in particular":       {400, failure("too_late", ""), "", "too_late", KindRefused},
		"an outage while it is read":            {200, failure("internal_error", ""), "", "internal_error", KindUnavailable},
		"our request is wrong":                  {200, failure("invalid_request", ""), "", "invalid_request", KindRefused},
		"the ID is not known":                   {200, failure("invalid_request_id", ""), "", "invalid_request_id", KindNotFound},
		"the ID is not known, says its echo":    {200, failure("invalid_request_id", `,"request_id":"abc"`), "", "invalid_request_id", KindNotFound},
		"not found":                             {404, ``, "", "", KindNotFound},
		"the token is refused":                  {200, failure("invalid_client_token", `,"request_id":"abc"`), "", "invalid_client_token", KindUnauthorized},
		"401 with a code that would be final":   {401, failure("too_late", `,"request_id":"abc"`), "", "too_late", KindUnauthorized},
		"403 with a code that would be final":   {403, failure("too_late", `,"request_id":"abc"`), "", "too_late", KindUnauthorized},
		"429 with a code that would be final":   {429, failure("too_late", `,"request_id":"abc"`), "", "too_late", KindRateLimited},
		"500 with a code that would be final":   {500, failure("too_late", `,"request_id":"abc"`), "", "too_late", KindUnavailable},
		"502 with a page":                       {502, `<html>`, "", "", KindUnavailable},
		"an error that is done is no end":       {503, `{"_type":"cancellation_response"}`, "", "", KindUnavailable},
		"a code that no status could hold":      {200, failure(strings.Repeat("c", 65), ""), "", "", KindUnreadable},
		"an error without a code":               {200, `{"_type":"error"}`, "", "", KindUnreadable},
		"the answer of another kind of request": {200, `{"_type":"order_response"}`, "", "", KindUnreadable},
		"an answer that can't be read":          {200, `%%%`, "", "", KindUnreadable},
		"an empty object":                       {200, `{}`, "", "", KindUnreadable},
		"a list":                                {200, `[]`, "", "", KindUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, answerWith(c.status, nil, c.body)).Cancellation(t.Context(), "abc")
			if c.kind != "" {
				failsAs(t, err, "cancellation", c.kind, c.code)
				c.code = ""
			} else if err != nil {
				t.Error(err)
			}
			if want := (Cancellation{State: c.state, Code: c.code}); got != want {
				t.Errorf("Cancellation = %+v, want %+v", got, want)
			}
		})
	}
}

func TestCancellationAsksByItsOwnID(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v1/cancellations/xyz" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		answerWith(200, nil, `{"_type":"cancellation_response"}`)(w, r)
	})
	if _, err := c.Cancellation(t.Context(), "xyz"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "../orders/xyz"} {
		_, err := c.Cancellation(t.Context(), bad)
		failsAs(t, err, "cancellation", KindNotSent, "")
	}
}
