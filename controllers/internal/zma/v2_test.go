package zma

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

const uuid = "0b7a3c52-4e0f-4a39-9c0d-3f6f5f4f9a11"

// clientV2 talks to a server of the test's own by version 2.
func clientV2(t *testing.T, baseURL string) Client {
	t.Helper()
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewV2(Config{BaseURL: baseURL, Token: token, Currency: "USD", HTTP: NewHTTPClient(), Metrics: m, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSubmitVerdictsOfVersion2: the class of a refusal is always that of a call
// which proves nothing of an earlier one with the same key.
func TestSubmitVerdictsOfVersion2(t *testing.T) {
	flat := func(code string) string { return `{"code":"` + code + `","message":"m","details":{}}` }
	nested := func(code string) string { return `{"error":` + flat(code) + `}` }
	unknown := func(code string) SubmitResult {
		return SubmitResult{Verdict: Unknown, Code: code, Class: UnknownOutcome}
	}
	refused := func(code string) SubmitResult { return SubmitResult{Verdict: Rejected, Code: code, Class: Operator} }
	accepted := SubmitResult{Verdict: Accepted, RequestID: uuid}
	created := `{"id":"` + uuid + `","status":"pending","job_result":null}`
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    SubmitResult
	}{
		"an ID is an acceptance":                            {answerWith(201, nil, created), accepted},
		"with another 2xx too":                              {answerWith(200, nil, created), accepted},
		"an ID with an error is none":                       {answerWith(201, nil, `{"id":"`+uuid+`","code":"bad_request"}`), unknown("bad_request")},
		"an ID with a server error is none":                 {answerWith(500, nil, created), unknown("server_error")},
		"an ID that is a path is none":                      {answerWith(201, nil, `{"id":"a/../b"}`), unknown("unreadable_answer")},
		"success without an ID":                             {answerWith(201, nil, `{}`), unknown("unreadable_answer")},
		"success that can't be read":                        {answerWith(201, nil, `%%%`), unknown("unreadable_answer")},
		"a known key is looked up, not adopted":             {answerWith(409, nil, nested("already_exists")), unknown("already_exists")},
		"a known key without a body":                        {answerWith(409, nil, ``), unknown("already_exists")},
		"a known key under another status":                  {answerWith(400, nil, flat("already_exists")), unknown("already_exists")},
		"a known key beats too many requests":               {answerWith(429, nil, flat("already_exists")), unknown("already_exists")},
		"no funds":                                          {answerWith(402, nil, nested("insufficient_funds")), refused("insufficient_funds")},
		"no funds without a body":                           {answerWith(402, nil, ``), refused("insufficient_funds")},
		"a wallet that needs its operator":                  {answerWith(402, nil, flat("payment_method_required")), refused("payment_method_required")},
		"a matter of money that nobody documents":           {answerWith(402, nil, flat("wallet_frozen")), refused("payment_required")},
		"a code of the goods does not come with 402":        {answerWith(402, nil, flat("out_of_stock")), refused("payment_required")},
		"a refused token":                                   {answerWith(401, nil, nested("token_expired")), refused("token_expired")},
		"a refused token without a code":                    {answerWith(401, nil, `{"detail":"Not authenticated"}`), refused("unauthorized")},
		"a forbidden account":                               {answerWith(403, nil, `<html>`), refused("forbidden")},
		"with 403 no code speaks of the goods":              {answerWith(403, nil, flat("out_of_stock")), refused("forbidden")},
		"a bad request":                                     {answerWith(400, nil, flat("bad_request")), refused("bad_request")},
		"a documented refusal":                              {answerWith(400, nil, nested("out_of_stock")), refused("out_of_stock")},
		"a refused address":                                 {answerWith(400, nil, nested("invalid_shipping_address")), refused("invalid_shipping_address")},
		"a validator's list":                                {answerWith(422, nil, `{"detail":[{"loc":["body","max_price"],"msg":"m","type":"t"}]}`), refused("validation_error")},
		"a validator's list about the address":              {answerWith(422, nil, `{"detail":[{"loc":["body","shipping_address","postal_code"]},{"loc":["body","shipping_address"]}]}`), refused("invalid_address")},
		"a validator's list about the address and more":     {answerWith(422, nil, `{"detail":[{"loc":["body","shipping_address","state"]},{"loc":["body","products",0,"url"]}]}`), refused("validation_error")},
		"details about the address":                         {answerWith(422, nil, `{"error":{"code":"validation_error","details":{"errors":[{"field":"shipping_address.state"}]}}}`), refused("invalid_address")},
		"a field that only begins like the address":         {answerWith(422, nil, `{"code":"validation_error","details":[{"field":"shipping_address_id"}]}`), refused("validation_error")},
		"an error inside detail":                            {answerWith(400, nil, `{"detail":`+flat("unsupported_retailer")+`}`), refused("unsupported_retailer")},
		"a code that nobody knows proves nothing":           {answerWith(400, nil, flat("never_heard_of")), unknown("never_heard_of")},
		"a passing fault at once proves nothing":            {answerWith(400, nil, flat("internal_error")), unknown("internal_error")},
		"a code that no status could hold has a name":       {answerWith(400, nil, flat(strings.Repeat("c", 65))), unknown("unreadable_code")},
		"a refusal without an error object":                 {answerWith(400, nil, `bad`), unknown("unreadable_answer")},
		"a text in place of details":                        {answerWith(404, nil, `{"detail":"Not Found"}`), unknown("unreadable_answer")},
		"too many requests":                                 {answerWith(429, http.Header{"Retry-After": {"7"}}, nested("rate_limit_exceeded")), SubmitResult{Verdict: NotSent, Code: "rate_limited", Class: RetryLater, RetryAfter: 7 * time.Second}},
		"a server error":                                    {answerWith(500, nil, nested("internal_error")), unknown("server_error")},
		"a server error with a refusal's code":              {answerWith(502, nil, flat("out_of_stock")), unknown("server_error")},
		"a pause asked for with a server error is kept":     {answerWith(503, http.Header{"Retry-After": {"5"}}, ``), SubmitResult{Verdict: Unknown, Code: "server_error", Class: UnknownOutcome, RetryAfter: 5 * time.Second}},
		"a redirect is not followed":                        {answerWith(307, http.Header{"Location": {"/elsewhere"}}, ``), unknown("unreadable_answer")},
		"a redirect with a refusal is no refusal":           {answerWith(302, http.Header{"Location": {"/x"}}, flat("out_of_stock")), unknown("unreadable_answer")},
		"a connection closed without an answer":             {hijack(func(net.Conn) {}), unknown("no_answer")},
		"an answer without an end":                          {answerWith(201, nil, `{"id":"`+uuid+`","x":"`+strings.Repeat("x", maxAnswer)+`"}`), unknown("no_answer")},
		"an acceptance that also names fields of no known":  {answerWith(201, nil, `{"id":"`+uuid+`","job_result":7,"new_field":{"a":[1]}}`), accepted},
		"an error object of version 1 is flat as well":      {answerWith(400, nil, `{"_type":"error","code":"invalid_request"}`), refused("invalid_request")},
		"what hints at an order is looked up":               {answerWith(422, nil, flat("order_not_cancellable")), unknown("order_not_cancellable")},
		"a likely order is one even with a refused account": {answerWith(403, nil, flat("order_probably_placed")), unknown("order_probably_placed")},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got := clientV2(t, s.URL).Submit(t.Context(), request())
			if (got.Err == nil) != (got.Verdict == Accepted) {
				t.Errorf("verdict %s with the error %v", got.Verdict, got.Err)
			}
			got.Err = nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Submit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubmitByVersion2KnowsWhatWasNotSent(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	plain := httptest.NewServer(answerWith(201, nil, `{"id":"abc"}`))
	t.Cleanup(plain.Close)
	for name, url := range map[string]string{
		"a connection that is refused": gone.URL,
		"a server that speaks no TLS":  strings.Replace(plain.URL, "http://", "https://", 1),
	} {
		if got := clientV2(t, url).Submit(t.Context(), request()); got.Verdict != NotSent {
			t.Errorf("%s: %+v, want NotSent", name, got)
		}
	}
}

// TestCallsOfVersion2CarryTheirToken, and go to the base URL itself.
func TestCallsOfVersion2CarryTheirToken(t *testing.T) {
	var calls []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.URL.Path)
		if got := r.Header.Get("Authorization"); got != "Bearer "+token {
			t.Errorf("%s with Authorization %q", r.URL.Path, got)
		}
		_, _ = io.WriteString(w, `{"id":"`+uuid+`","status":"pending","spendable_balance":1}`)
	}))
	t.Cleanup(s.Close)
	c := clientV2(t, s.URL+"/")
	c.Submit(t.Context(), request())
	_, getErr := c.Get(t.Context(), uuid)
	_, abortErr := c.Abort(t.Context(), uuid)
	_, balanceErr := c.Balance(t.Context())
	if getErr != nil || abortErr != nil || balanceErr != nil {
		t.Error(getErr, abortErr, balanceErr)
	}
	want := []string{"POST /orders", "GET /orders/" + uuid, "POST /orders/" + uuid + "/cancel", "GET /orders/" + uuid, "GET /wallet/me"}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestNewV2RefusesWhatCannotWork(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"user information in the URL": func(c *Config) { c.BaseURL = "https://" + token + "@api.example.com" },
		"no token":                    func(c *Config) { c.Token = "" },
		"no clock":                    func(c *Config) { c.Now = nil },
	} {
		c := Config{BaseURL: "https://api.example.com", Token: token, HTTP: NewHTTPClient(), Now: time.Now}
		change(&c)
		if made, err := NewV2(c); err == nil || made != nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v, %v, want an error without the token", name, made, err)
		}
	}
}
