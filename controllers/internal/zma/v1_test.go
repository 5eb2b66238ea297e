package zma

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

const (
	token = "secret-client-token"
	key   = "71399250-635b-57b6-9eee-5e342997876c"
)

// client talks to a server of the test's own.
func client(t *testing.T, baseURL string) Client {
	t.Helper()
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewV1(Config{BaseURL: baseURL, Token: token, Currency: "USD", HTTP: NewHTTPClient(), Metrics: m, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func request(products ...string) OrderRequest {
	r := OrderRequest{
		Key: key, Identity: "shop/web/1001", Attempt: 1, Retailer: "amazon", MaxPriceCents: 50000,
		Shipping: v1alpha1.Shipping{Method: "cheapest"},
		Address:  v1alpha1.Address{FirstName: "Ada", LastName: "Sample", Line1: "1 Main St", City: "Portland", State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567"},
	}
	for _, p := range append(products, zmasim.ProductOK)[:max(1, len(products))] {
		r.Items = append(r.Items, v1alpha1.OrderItem{ProductID: p, Quantity: 1})
	}
	return r
}

// answerWith answers every request alike.
func answerWith(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hijack takes the connection over after the whole request was read.
func hijack(do func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		do(conn)
		_ = conn.Close()
	}
}

func TestSubmitVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		verdict Verdict
		code    string
		class   Class
	}{
		"a request ID is an acceptance":              {answerWith(200, nil, `{"request_id":"abc"}`), Accepted, "", ""},
		"whatever the status":                        {answerWith(500, nil, `{"request_id":"abc"}`), Accepted, "", ""},
		"an error with a request ID is none":         {answerWith(200, nil, `{"_type":"error","code":"invalid_request","request_id":"abc"}`), Rejected, "invalid_request", OurFault},
		"a documented refusal":                       {answerWith(400, nil, `{"_type":"error","code":"product_unavailable"}`), Rejected, "product_unavailable", RejectedForGood},
		"a refusal with 200":                         {answerWith(200, nil, `{"_type":"error","code":"invalid_address"}`), Rejected, "invalid_address", CustomerAddress},
		"no funds":                                   {answerWith(400, nil, `{"_type":"error","code":"insufficient_zma_balance"}`), Rejected, "insufficient_zma_balance", AwaitFunds},
		"a refused token":                            {answerWith(401, nil, `{"_type":"error","code":"invalid_client_token"}`), Rejected, "invalid_client_token", Operator},
		"a refused token without a body":             {answerWith(401, nil, ``), Rejected, "invalid_client_token", Operator},
		"a forbidden account":                        {answerWith(403, nil, `<html>`), Rejected, "unauthorized_access", Operator},
		"too many requests":                          {answerWith(429, nil, ``), NotSent, "rate_limited", RetryLater},
		"a code that may be an order proves nothing": {answerWith(200, nil, `{"_type":"error","code":"order_probably_placed"}`), Unknown, "order_probably_placed", UnknownOutcome},
		"a duplicate may be this very order":         {answerWith(400, nil, `{"_type":"error","code":"duplicate_order"}`), Unknown, "duplicate_order", UnknownOutcome},
		"still processing is no refusal":             {answerWith(200, nil, `{"_type":"error","code":"request_processing"}`), Unknown, "request_processing", UnknownOutcome},
		"a passing fault at once proves nothing":     {answerWith(200, nil, `{"_type":"error","code":"internal_error"}`), Unknown, "internal_error", UnknownOutcome},
		"a code that nobody knows proves nothing":    {answerWith(400, nil, `{"_type":"error","code":"never_heard_of"}`), Unknown, "never_heard_of", UnknownOutcome},
		"a server error":                             {answerWith(503, nil, `oops`), Unknown, "server_error", UnknownOutcome},
		"a server error with a refusal's code":       {answerWith(500, nil, `{"_type":"error","code":"product_unavailable"}`), Unknown, "server_error", UnknownOutcome},
		"a gateway's page":                           {answerWith(502, nil, `<html>Bad gateway</html>`), Unknown, "server_error", UnknownOutcome},
		"success without a request ID":               {answerWith(200, nil, `{}`), Unknown, "unreadable_answer", UnknownOutcome},
		"success that can't be read":                 {answerWith(200, nil, `%%%`), Unknown, "unreadable_answer", UnknownOutcome},
		"an empty answer":                            {answerWith(200, nil, ``), Unknown, "unreadable_answer", UnknownOutcome},
		"a refusal without an error object":          {answerWith(400, nil, `bad`), Unknown, "unreadable_answer", UnknownOutcome},
		"a redirect is not followed":                 {answerWith(307, http.Header{"Location": {"/elsewhere"}}, ``), Unknown, "unreadable_answer", UnknownOutcome},
		"a connection closed without an answer":      {hijack(func(net.Conn) {}), Unknown, "no_answer", UnknownOutcome},
		"half an answer": {hijack(func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"request_id\":")
		}), Unknown, "no_answer", UnknownOutcome},
		"an answer without an end":                         {answerWith(200, nil, `{"request_id":"abc","x":"`+strings.Repeat("x", maxAnswer)+`"}`), Unknown, "no_answer", UnknownOutcome},
		"an acceptance that also names fields of no known": {answerWith(200, nil, `{"request_id":"abc","new_field":{"a":[1]}}`), Accepted, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got := client(t, s.URL).Submit(t.Context(), request())
			if got.Verdict != c.verdict || got.Code != c.code || got.Class != c.class {
				t.Errorf("Submit = %s %q %s (%v), want %s %q %s", got.Verdict, got.Code, got.Class, got.Err, c.verdict, c.code, c.class)
			}
			if (got.Verdict == Accepted) != (got.RequestID == "abc") {
				t.Errorf("request ID %q with verdict %s", got.RequestID, got.Verdict)
			}
		})
	}
}

func TestSubmitKnowsWhatWasNotSent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(answerWith(200, nil, `{"request_id":"abc"}`))
	t.Cleanup(plain.Close)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx context.Context
		url string
	}{
		"a connection that is refused":       {t.Context(), refused},
		"a name that does not resolve":       {t.Context(), "http://does-not-exist.invalid"},
		"a server that speaks no TLS":        {t.Context(), strings.Replace(plain.URL, "http://", "https://", 1)},
		"a context that had ended before":    {cancelled, plain.URL},
		"a port that nobody has ever opened": {t.Context(), "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := client(t, c.url).Submit(c.ctx, request()); got.Verdict != NotSent {
				t.Errorf("Submit = %+v, want NotSent", got)
			}
		})
	}
}

func TestSubmitThatTimesOutIsUnknown(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-release
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if got := client(t, s.URL).Submit(ctx, request()); got.Verdict != Unknown {
		t.Errorf("Submit = %+v, want Unknown", got)
	}
}

// TestTransportNeverRepeatsThePaidCall breaks the connection that the second call
// reuses, when its request has arrived. A transport that repeats by itself would
// call a third time.
func TestTransportNeverRepeatsThePaidCall(t *testing.T) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if calls.Add(1) > 1 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_ = conn.Close()
			return
		}
		_, _ = io.WriteString(w, `{"request_id":"abc"}`)
	}))
	t.Cleanup(s.Close)
	c := client(t, s.URL)
	if got := c.Submit(t.Context(), request()); got.Verdict != Accepted {
		t.Fatalf("first call: %+v", got)
	}
	if got := c.Submit(t.Context(), request()); got.Verdict != Unknown {
		t.Errorf("second call: %+v, want Unknown", got)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("the server was called %d times, want 2", n)
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "soon": 0, "-3": 0, "Mon, 02 Jan 2006 15:04:05 GMT": 0,
	} {
		s := httptest.NewServer(answerWith(429, http.Header{"Retry-After": {value}}, ``))
		if got := client(t, s.URL).Submit(t.Context(), request()).RetryAfter; got != want {
			t.Errorf("Retry-After %q is %s, want %s", value, got, want)
		}
		s.Close()
	}
	in := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	s := httptest.NewServer(answerWith(429, http.Header{"Retry-After": {in}}, ``))
	t.Cleanup(s.Close)
	if got := client(t, s.URL).Submit(t.Context(), request()).RetryAfter; got < 30*time.Second || got > 90*time.Second {
		t.Errorf("a date 90 s ahead is %s", got)
	}
}

func TestEncodeIsTheSameEachTimeAndRefusesTheUnbounded(t *testing.T) {
	r := request()
	r.Callbacks = map[string]string{"b": "https://u:t@x/2", "a": "https://u:t@x/1", "c": "https://u:t@x/3"}
	first, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := r.Encode()
		if err != nil || string(again) != string(first) {
			t.Fatalf("%s then %s (%v)", first, again, err)
		}
	}
	for name, change := range map[string]func(*OrderRequest){
		"no maximum price":   func(r *OrderRequest) { r.MaxPriceCents = 0 },
		"a negative ceiling": func(r *OrderRequest) { r.MaxPriceCents = -1 },
		"no key":             func(r *OrderRequest) { r.Key = "" },
		"a key too long":     func(r *OrderRequest) { r.Key += "x" },
		"no items":           func(r *OrderRequest) { r.Items = nil },
	} {
		bad := request()
		change(&bad)
		if _, err := bad.Encode(); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v, want ErrRequest", name, err)
		}
	}
}

func TestGetReadsEveryShape(t *testing.T) {
	const placed = `{"_type":"order_response","request_id":"abc","price_components":{"subtotal":4398,"shipping":599,"tax":352,"total":5400,"currency":"USD"},
"merchant_order_ids":[{"merchant_order_id":"112-1"},{"merchant_order_id":"112-1"}],"tracking":%s,"delivery_dates":[{"date":"2026-03-04"}],"status_updates":%s,
"request":{"client_token":"` + token + `","client_notes":{"identity":"shop/web/1001","attempt":1,"key":"` + key + `"}}}`
	price := &Price{SubtotalCents: 4398, ShippingCents: 599, TaxCents: 352, AdjustmentCents: 51, TotalCents: 5400, Currency: "USD"}
	parcel := Parcel{Carrier: "UPS", Number: "1Z", Delivered: true}
	base := Observation{RequestID: "abc", Phase: Placed, Price: price, MerchantOrderIDs: []string{"112-1"}, DeliveryDates: []string{"2026-03-04"}, Key: key, Identity: "shop/web/1001", Attempt: 1}
	with := func(change func(*Observation)) Observation {
		o := base
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		body string
		want Observation
	}{
		"placed, nothing shipped":                    {fmt.Sprintf(placed, `[]`, `[]`), base},
		"parcels as a list":                          {fmt.Sprintf(placed, `[{"carrier":"UPS","tracking_number":"1Z","delivery_status":"Delivered"}]`, `[]`), with(func(o *Observation) { o.Parcels = []Parcel{parcel} })},
		"parcels as one object":                      {fmt.Sprintf(placed, `{"carrier":"UPS","tracking_number":"1Z","delivery_status":"Delivered"}`, `null`), with(func(o *Observation) { o.Parcels = []Parcel{parcel} })},
		"cancelled by the retailer":                  {fmt.Sprintf(placed, `[]`, `[{"type":"request.placed"},{"type":"order.cancelled"}]`), with(func(o *Observation) { o.Phase, o.CancelledMerchantOrders = CancelledByRetailer, []string{"112-1"} })},
		"an update of no known type changes nothing": {fmt.Sprintf(placed, `[]`, `[{"type":"request.waved"}]`), base},
		"processing is no failure":                   {`{"_type":"error","code":"request_processing"}`, Observation{RequestID: "abc", Phase: Processing, Code: "request_processing", Class: InProgress}},
		"a review is no failure":                     {`{"_type":"error","code":"manual_review_required"}`, Observation{RequestID: "abc", Phase: InReview, Code: "manual_review_required", Class: Review}},
		"a failure":                                  {`{"_type":"error","code":"max_price_exceeded","message":"m","data":{}}`, Observation{RequestID: "abc", Phase: Failed, Code: "max_price_exceeded", Class: Decision}},
		"a failure whose code stands in data":        {`{"_type":"error","data":{"_type":"error","code":"zma_temporarily_overloaded"}}`, Observation{RequestID: "abc", Phase: Failed, Code: "zma_temporarily_overloaded", Class: RetryLater}},
		"an order that the provider does not know":   {`{"_type":"error","code":"order_probably_placed"}`, Observation{RequestID: "abc", Phase: Failed, Code: "order_probably_placed", Class: UnknownOutcome}},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(200, nil, c.body))
			t.Cleanup(s.Close)
			got, err := client(t, s.URL).Get(t.Context(), "abc")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Get (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetTellsTheCallFromTheOrder(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"an unknown ID may only be queued":       {200, `{"_type":"error","code":"invalid_request_id"}`, KindNotFound},
		"so may one that is not found":           {404, ``, KindNotFound},
		"a refused token says nothing of orders": {401, `{"_type":"error","code":"invalid_client_token"}`, KindUnauthorized},
		"a server error says nothing of orders":  {500, ``, KindUnavailable},
		"too many requests":                      {429, ``, KindRateLimited},
		"an answer that can't be read":           {200, `%%%`, KindUnreadable},
		"an answer of no known type":             {200, `{"_type":"poem"}`, KindUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(c.status, nil, c.body))
			t.Cleanup(s.Close)
			_, err := client(t, s.URL).Get(t.Context(), "abc")
			var call *CallError
			if !errors.As(err, &call) || call.Kind != c.kind {
				t.Errorf("Get: %v, want %s", err, c.kind)
			}
		})
	}
}

func TestErrorsNeverHoldTheToken(t *testing.T) {
	echo := `{"_type":"error","code":"weird","request":{"client_token":"` + token + `"}`
	s := httptest.NewServer(answerWith(200, nil, echo))
	t.Cleanup(s.Close)
	c := client(t, s.URL)
	_, getErr := c.Get(t.Context(), "abc")
	_, findErr := c.Find(t.Context(), key, "shop/web/1001", 1, time.Unix(0, 0))
	_, balanceErr := c.Balance(t.Context())
	submitErr := c.Submit(t.Context(), request()).Err
	for _, err := range []error{getErr, findErr, balanceErr, submitErr} {
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("error %v", err)
		}
	}
}

// TestAgainstTheSimulator buys, repeats, finds and reads one order.
func TestAgainstTheSimulator(t *testing.T) {
	sim, err := zmasim.Start(t.Context(), zmasim.Options{Token: token, Processing: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	c := client(t, sim.URL())
	since := time.Now().Add(-time.Minute)
	if found, err := c.Find(t.Context(), key, "shop/web/1001", 1, since); found != nil || err != nil {
		t.Fatalf("found %v (%v) before anything was sent", found, err)
	}
	first := c.Submit(t.Context(), request())
	again := c.Submit(t.Context(), request())
	if first.Verdict != Accepted || again.RequestID != first.RequestID {
		t.Fatalf("first %+v, repeat %+v", first, again)
	}
	found, err := c.Find(t.Context(), key, "shop/web/1001", 1, since)
	if err != nil || found == nil || found.RequestID != first.RequestID {
		t.Fatalf("Find = %+v, %v", found, err)
	}
	var seen Observation
	for deadline := time.Now().Add(time.Minute); seen.Phase != Placed && time.Now().Before(deadline); {
		if seen, err = c.Get(t.Context(), first.RequestID); err != nil {
			t.Fatal(err)
		}
	}
	if p := seen.Price; p == nil || p.SubtotalCents+p.ShippingCents+p.TaxCents+p.AdjustmentCents != p.TotalCents || p.TotalCents == 0 {
		t.Errorf("price = %+v", p)
	}
	balance, err := c.Balance(t.Context())
	if err != nil || balance.AvailableCents != 10_000_000-seen.Price.TotalCents {
		t.Errorf("balance = %+v, %v", balance, err)
	}
	if n := len(sim.Record().Purchases); n != 1 {
		t.Errorf("%d purchases", n)
	}
}
