package zma

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clientWith is a client over an HTTP client of the test's own, without metrics.
func clientWith(t *testing.T, baseURL string, h *http.Client) Client {
	t.Helper()
	c, err := NewV1(Config{BaseURL: baseURL, Token: token, HTTP: h, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestThePaidCallOnTheWire: the key goes where the provider reads it, and no
// header makes net/http take the call for one that may be repeated.
func TestThePaidCallOnTheWire(t *testing.T) {
	want, err := request().Encode()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		got := []string{
			r.Method, r.URL.Path, r.Proto, user, password, r.Header.Get("Content-Type"), string(body),
			r.Header.Get("Idempotency-Key") + r.Header.Get("X-Idempotency-Key"),
		}
		if diff := cmp.Diff([]string{"POST", "/v1/orders", "HTTP/1.1", token, "", "application/json", string(want), ""}, got); diff != "" {
			t.Error(diff)
		}
		answerWith(200, nil, `{"request_id":"abc"}`)(w, r)
	}))
	t.Cleanup(s.Close)
	if got := client(t, s.URL).Submit(t.Context(), request()); got.Verdict != Accepted {
		t.Errorf("Submit = %+v, want Accepted", got)
	}
}

// TestARedirectIsNotFollowedByAnyClient: sent on, a paid call is a second one.
func TestARedirectIsNotFollowedByAnyClient(t *testing.T) {
	var elsewhere atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			elsewhere.Add(1)
			_, _ = io.WriteString(w, `{"_type":"error","code":"product_unavailable","request_id":"abc"}`)
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(s.Close)
	c := clientWith(t, s.URL, &http.Client{Transport: NewHTTPClient().Transport})
	if got := c.Submit(t.Context(), request()); got.Verdict != Unknown {
		t.Errorf("Submit = %+v, want Unknown", got)
	}
	if _, err := c.Get(t.Context(), "abc"); err == nil {
		t.Error("Get took a redirect for an order")
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d calls were sent on", n)
	}
}

func TestACertificateNobodyTrustsStopsTheCallBeforeItIsSent(t *testing.T) {
	var calls atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	got := client(t, s.URL).Submit(t.Context(), request())
	var untrusted *tls.CertificateVerificationError
	if got.Verdict != NotSent || errors.As(got.Err, &untrusted) || !strings.Contains(got.Err.Error(), "certificate") || calls.Load() != 0 {
		t.Errorf("Submit = %+v with %d calls, want NotSent, naming the certificate", got, calls.Load())
	}
}

// TestWaitingForAConnectionSendsNothing: the limit of connections is ours, and a
// call that timed out behind it never left.
func TestWaitingForAConnectionSendsNothing(t *testing.T) {
	busy := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			t.Error("the paid call was sent")
		}
		close(busy)
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	h := NewHTTPClient()
	h.Transport.(*http.Transport).MaxConnsPerHost = 1
	c := clientWith(t, s.URL, h)
	holding, release := context.WithCancel(t.Context())
	t.Cleanup(release)
	go func() { _, _ = c.Get(holding, "abc") }() // ends with the test, by its context
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := c.Submit(ctx, request()); got.Verdict != NotSent || !errors.Is(got.Err, context.DeadlineExceeded) {
		t.Errorf("Submit = %+v, want NotSent by its deadline", got)
	}
}

// TestACallCutAfterItArrivedIsUnknown, and says by what it was cut.
func TestACallCutAfterItArrivedIsUnknown(t *testing.T) {
	arrived := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if got := client(t, s.URL).Submit(ctx, request()); got.Verdict != Unknown || !errors.Is(got.Err, context.Canceled) {
		t.Errorf("Submit = %+v, want Unknown by its context", got)
	}
}

// TestAnswersThatBreakOffProveNothing, however they break.
func TestAnswersThatBreakOffProveNothing(t *testing.T) {
	for name, raw := range map[string]string{
		"in the status line":                    "HTT",
		"in the header":                         "HTTP/1.1 200 OK\r\nContent-",
		"in a body without a length":            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"request_id\":\"0a1b",
		"after a whole object of a longer body": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"request_id\":\"abc\"}",
		"in a chunk":                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{\"request_id\":\"abc\"}\r\nzz\r\n",
		"by not being HTTP":                     "SSH-2.0-x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(hijack(func(c net.Conn) { _, _ = io.WriteString(c, raw) }))
			t.Cleanup(s.Close)
			if got := client(t, s.URL).Submit(t.Context(), request()); got.Verdict != Unknown || got.Err == nil {
				t.Errorf("Submit = %+v, want Unknown", got)
			}
		})
	}
}

// TestMoreVerdicts are those that depend on two of status, code and header.
func TestMoreVerdicts(t *testing.T) {
	failure := func(code string) string { return `{"_type":"error","code":"` + code + `"}` }
	for name, c := range map[string]struct {
		status int
		header http.Header
		body   string
		want   SubmitResult
	}{
		"a request ID counts even with 429":              {429, nil, `{"request_id":"abc"}`, SubmitResult{Verdict: Accepted, RequestID: "abc"}},
		"odd fields beside a request ID hide nothing":    {200, nil, `{"data":7,"request":3,"price_components":"x","request_id":"abc"}`, SubmitResult{Verdict: Accepted, RequestID: "abc"}},
		"a request ID that is a path is none":            {200, nil, `{"request_id":"a/../b"}`, SubmitResult{Verdict: Unknown, Code: codeUnreadable, Class: UnknownOutcome}},
		"a request ID that no status could hold":         {200, nil, `{"request_id":"` + strings.Repeat("a", 65) + `"}`, SubmitResult{Verdict: Unknown, Code: codeUnreadable, Class: UnknownOutcome}},
		"text after the answer makes it unreadable":      {200, nil, `{"request_id":"abc"}}`, SubmitResult{Verdict: Unknown, Code: codeUnreadable, Class: UnknownOutcome}},
		"a list is no answer":                            {200, nil, `[{"request_id":"abc"}]`, SubmitResult{Verdict: Unknown, Code: codeUnreadable, Class: UnknownOutcome}},
		"a code without the type of an error is none":    {400, nil, `{"code":"product_unavailable"}`, SubmitResult{Verdict: Unknown, Code: codeUnreadable, Class: UnknownOutcome}},
		"a code that no status could hold has a name":    {400, nil, failure(strings.Repeat("c", 65)), SubmitResult{Verdict: Unknown, Code: codeUnnamed, Class: UnknownOutcome}},
		"a likely order is one even with 401":            {401, nil, failure("order_probably_placed"), SubmitResult{Verdict: Unknown, Code: "order_probably_placed", Class: UnknownOutcome}},
		"a duplicate is one even with 429":               {429, nil, failure("duplicate_order"), SubmitResult{Verdict: Unknown, Code: "duplicate_order", Class: UnknownOutcome}},
		"an undocumented code with 403 is the account's": {403, nil, failure("plan_expired"), SubmitResult{Verdict: Rejected, Code: "unauthorized_access", Class: Operator}},
		"with 401 no code speaks of the goods":           {401, nil, failure("product_unavailable"), SubmitResult{Verdict: Rejected, Code: "invalid_client_token", Class: Operator}},
		"with 403 no code allows another attempt":        {403, nil, failure("internal_error"), SubmitResult{Verdict: Rejected, Code: "unauthorized_access", Class: Operator}},
		"with 403 a code of the account is kept":         {403, nil, failure("account_locked"), SubmitResult{Verdict: Rejected, Code: "account_locked", Class: Operator}},
		"a redirect with a refusal is no refusal":        {302, http.Header{"Location": {"/x"}}, failure("product_unavailable"), SubmitResult{Verdict: Unknown, Code: codeUnreadable, Class: UnknownOutcome}},
		"a redirect that can't be read":                  {302, http.Header{"Location": {":"}}, ``, SubmitResult{Verdict: Unknown, Code: codeNoAnswer, Class: UnknownOutcome}},
		"a refusal inside data":                          {400, nil, `{"_type":"error","data":` + failure("invalid_address") + `}`, SubmitResult{Verdict: Rejected, Code: "invalid_address", Class: CustomerAddress}},
		"a pause asked for with a server error is kept":  {503, http.Header{"Retry-After": {"5"}}, ``, SubmitResult{Verdict: Unknown, Code: codeServer, Class: UnknownOutcome, RetryAfter: 5 * time.Second}},
		"a pause of ages is cut":                         {429, http.Header{"Retry-After": {"9223372036854775807"}}, ``, SubmitResult{Verdict: NotSent, Code: codeLimited, Class: RetryLater, RetryAfter: maxRetryAfter}},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(c.status, c.header, c.body))
			t.Cleanup(s.Close)
			got := client(t, s.URL).Submit(t.Context(), request())
			got.Err = nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Submit (-want +got):\n%s", diff)
			}
		})
	}
}
