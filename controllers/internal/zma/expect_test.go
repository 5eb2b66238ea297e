package zma

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAnswersWithoutARequestIDAreChecked: another order's failure would end ours and
// let it be bought again, another's success would hide that ours was not bought.
func TestAnswersWithoutARequestIDAreChecked(t *testing.T) {
	const other = "11111111-2222-4333-8444-555555555555"
	failure := func(request string) string {
		return `{"_type":"error","code":"product_unavailable","data":{},"request":` + request + `}`
	}
	success := func(request string) string {
		return `{"_type":"order_response","price_components":{"total":99},"request":` + request + `}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   Phase // empty: the answer can't be read
	}{
		"our key":                             {200, failure(`{"idempotency_key":"` + key + `"}`), Failed},
		"our key, in the notes":               {200, failure(`{"client_notes":{"key":"` + key + `"}}`), Failed},
		"our identity and attempt":            {200, failure(`{"client_notes":{"identity":"` + ours + `","attempt":1}}`), Failed},
		"a success with our key":              {200, success(`{"idempotency_key":"` + key + `"}`), Placed},
		"nothing echoed":                      {200, failure(`{}`), Failed},
		"a success with nothing echoed":       {200, success(`null`), Placed},
		"a refusal with our key":              {400, failure(`{"idempotency_key":"` + key + `"}`), Failed},
		"another key":                         {200, failure(`{"idempotency_key":"` + other + `","retailer":"amazon"}`), ""},
		"another key, in the notes":           {200, failure(`{"client_notes":{"key":"` + other + `"}}`), ""},
		"another key, beside ours":            {200, failure(`{"idempotency_key":"` + other + `","client_notes":{"key":"` + key + `"}}`), ""},
		"another identity":                    {200, failure(`{"client_notes":{"identity":"shop/web/other","attempt":1}}`), ""},
		"another attempt of ours":             {200, failure(`{"client_notes":{"identity":"` + ours + `","attempt":2}}`), ""},
		"a success with another key":          {200, success(`{"idempotency_key":"` + other + `"}`), ""},
		"processing, with another key":        {200, strings.Replace(failure(`{"idempotency_key":"`+other+`"}`), "product_unavailable", "request_processing", 1), ""},
		"a retailer proves nothing":           {400, failure(`{"retailer":"amazon"}`), ""},
		"a request ID outweighs what differs": {200, `{"_type":"order_response","request_id":"abc","request":{"idempotency_key":"` + other + `"}}`, Placed},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(c.status, nil, c.body))
			t.Cleanup(s.Close)
			got, err := client(t, s.URL).Get(Expect(t.Context(), key, ours, 1), "abc")
			var call *CallError
			if c.want == "" && !errors.As(err, &call) || c.want != "" && err != nil || got.Phase != c.want {
				t.Errorf("Get = %+v, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestOfARequestThatWasAdoptedTheIdentityAloneIsExpected: its key and attempt are those
// of another time.
func TestOfARequestThatWasAdoptedTheIdentityAloneIsExpected(t *testing.T) {
	for request, want := range map[string]Phase{
		`{"client_notes":{"identity":"` + ours + `","attempt":7,"key":"` + key + `"}}`: Failed,
		`{"idempotency_key":"` + key + `"}`:                                            Failed,
		`{"client_notes":{"identity":"shop/web/other","attempt":1}}`:                   "",
	} {
		s := httptest.NewServer(answerWith(200, nil, `{"_type":"error","code":"product_unavailable","data":{},"request":`+request+`}`))
		t.Cleanup(s.Close)
		got, err := client(t, s.URL).Get(Expect(t.Context(), "", ours, 0), "abc")
		var call *CallError
		if want == "" && !errors.As(err, &call) || want != "" && err != nil || got.Phase != want {
			t.Errorf("%s: %+v, %v, want %q", request, got, err, want)
		}
	}
}
