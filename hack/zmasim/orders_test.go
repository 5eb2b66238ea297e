package zmasim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOrderEndsAsItsProductSays(t *testing.T) {
	type test struct{ product, want string }
	tests := map[string]test{
		"plain":               {ProductOK, "order_response"},
		"unmarked ASIN":       {"B0ABCDEFGH", "order_response"},
		"slow":                {ProductSlow, "order_response"},
		"review then success": {ProductReviewThenSuccess, "order_response"},
		"review then fail":    {ProductReviewThenFail, "product_unavailable"},
		"overload nested":     {ProductOverloadNested, "zma_temporarily_overloaded"},
		"abort too late":      {ProductAbortTooLate, "order_response"},
		"malformed ASIN":      {"b0-lower", "unsupported_product_id"},
		"short own code":      {ProductFor("new_code"), "new_code"},
		"fails once":          {ProductFailOnce("internal_error"), "internal_error"},
	}
	for _, code := range Codes() {
		if code != "manual_review_required" { // never ends
			tests[code] = test{ProductFor(code), code}
		}
	}
	s := start(t, Options{})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := outcome(t, s, post(s, body(tc.product, name)).id(t))
			got := r.code()
			if got == "" {
				got, _ = r.JSON["_type"].(string)
			}
			if got != tc.want || r.Status != http.StatusOK {
				t.Errorf("got %s with status %d, want %s with 200", got, r.Status, tc.want)
			}
		})
	}
}

func TestProcessingIsAnErrorObjectWithStatus200(t *testing.T) {
	s := start(t, Options{})
	r := get(s, post(s, body(ProductStuck, "k")).id(t))
	if r.Status != 200 || r.JSON["_type"] != "error" || r.code() != "request_processing" {
		t.Errorf("got %d %s", r.Status, r.Raw)
	}
}

func TestReviewShowsBeforeItResolves(t *testing.T) {
	s := start(t, Options{Processing: 50 * time.Millisecond})
	id := post(s, body(ProductReviewThenSuccess, "k")).id(t)
	eventually(t, "review", func() bool { return get(s, id).code() == "manual_review_required" })
	if got := outcome(t, s, id).JSON["_type"]; got != "order_response" {
		t.Errorf("review ended as %v", got)
	}
}

func TestFailOnceSucceedsWithANewKey(t *testing.T) {
	s := start(t, Options{})
	product := ProductFailOnce("zma_temporarily_overloaded")
	outcome(t, s, post(s, body(product, "k1")).id(t))
	if r := outcome(t, s, post(s, body(product, "k1")).id(t)); r.code() != "zma_temporarily_overloaded" {
		t.Errorf("the same key gave another outcome: %s", r.Raw)
	}
	if r := outcome(t, s, post(s, body(product, "k2")).id(t)); r.JSON["_type"] != "order_response" {
		t.Errorf("a new key failed too: %s", r.Raw)
	}
	if got := s.Record().KeysOf(identity); !cmp.Equal(got, []string{"k1", "k2"}) {
		t.Errorf("keys: %v", got)
	}
}

func TestNestedOverloadHasNoMessageAndAnErrorInData(t *testing.T) {
	s := start(t, Options{})
	r := outcome(t, s, post(s, body(ProductOverloadNested, "k")).id(t))
	inner, _ := r.JSON["data"].(map[string]any)
	if _, has := r.JSON["message"]; has || inner["code"] != "zma_temporarily_overloaded" {
		t.Errorf("got %s", r.Raw)
	}
}

func TestKeyGivesTheFirstAnswerForEver(t *testing.T) {
	tests := map[string]struct {
		first, second map[string]any
		switches      Switches
		same          bool
		orders        int
	}{
		"accepted":                    {first: body(ProductOK, "k"), second: body(ProductOK, "k"), same: true, orders: 1},
		"other body, same key":        {first: body(ProductOK, "k"), second: body(ProductSlow, "k"), same: true, orders: 1},
		"refusal, then a valid body":  {first: body(ProductOK, "k", without("max_price")), second: body(ProductOK, "k"), same: true},
		"refused product":             {first: body(ProductRefused("invalid_address"), "k"), second: body(ProductOK, "k"), same: true},
		"other key":                   {first: body(ProductOK, "k"), second: body(ProductOK, "l"), orders: 2},
		"no key is no protection":     {first: body(ProductOK, ""), second: body(ProductOK, ""), orders: 2},
		"other body refused (switch)": {first: body(ProductOK, "k"), second: body(ProductSlow, "k"), switches: Switches{RefuseChangedBody: true}, orders: 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{Switches: tc.switches})
			first, second := post(s, tc.first), post(s, tc.second)
			if same := bytes.Equal(first.Raw, second.Raw) && first.Status == second.Status; same != tc.same {
				t.Errorf("first %s, second %s", first.Raw, second.Raw)
			}
			if got := len(listed(s, "limit=10")); got != tc.orders {
				t.Errorf("%d orders, want %d", got, tc.orders)
			}
		})
	}
}

func TestSimultaneousCallsWithOneKeyAreOneOrder(t *testing.T) {
	s := start(t, Options{})
	ids := make([]string, 20)
	var callers sync.WaitGroup
	for i := range ids {
		callers.Go(func() { ids[i], _ = post(s, body(ProductOK, "k")).JSON["request_id"].(string) })
	}
	callers.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("different IDs: %v", ids)
		}
	}
	outcome(t, s, ids[0])
	if got := len(s.Record().PurchasesOf(identity)); got != 1 {
		t.Errorf("%d purchases, want 1", got)
	}
}

func TestValidationRefusesAtOnce(t *testing.T) {
	address := func(field string, value any) func(map[string]any) {
		return func(b map[string]any) { b["shipping_address"].(map[string]any)[field] = value }
	}
	products := func(p ...any) func(map[string]any) { return with("products", append([]any{}, p...)) }
	tests := map[string]struct {
		edit func(map[string]any)
		path string
	}{
		"no retailer":            {without("retailer"), "retailer"},
		"no addax":               {without("addax"), "addax"},
		"no ceiling":             {without("max_price"), "max_price"},
		"ceiling with a point":   {with("max_price", 64.5), "max_price"},
		"no gift flag":           {without("is_gift"), "is_gift"},
		"no shipping":            {without("shipping_method"), "shipping_method"},
		"both ways of shipping":  {with("shipping", map[string]any{"order_by": "price"}), "shipping"},
		"no products":            {products(), "products"},
		"no quantity":            {products(map[string]any{"product_id": ProductOK}), "products.0.quantity"},
		"no address":             {without("shipping_address"), "shipping_address"},
		"empty last name":        {address("last_name", ""), "shipping_address.last_name"},
		"v2's postal code":       {address("zip_code", ""), "shipping_address.zip_code"},
		"no phone":               {address("phone_number", ""), "shipping_address.phone_number"},
		"three-letter country":   {address("country", "USA"), "shipping_address.country"},
		"card with addax":        {with("payment_method", map[string]any{}), "payment_method"},
		"gift message too long":  {with("gift_message", strings.Repeat("x", 241)), "gift_message"},
		"webhooks of wrong type": {with("webhooks", map[string]any{"request_failed": 7}), "webhooks"},
	}
	s := start(t, Options{})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := post(s, body(ProductOK, name, tc.edit))
			var got struct {
				Code string
				Data struct {
					Errors []validatorError `json:"validator_errors"`
				}
			}
			if err := json.Unmarshal(r.Raw, &got); err != nil {
				t.Fatal(err)
			}
			if r.Status != 400 || got.Code != "invalid_request" || len(got.Data.Errors) != 1 || got.Data.Errors[0].Path != tc.path {
				t.Errorf("got %d %s, want path %s", r.Status, r.Raw, tc.path)
			}
		})
	}
}

func TestSwitchesChangeWhatIsUndocumented(t *testing.T) {
	lax := body(ProductOK, "k", without("max_price"), without("is_gift"), without("retailer"), without("shipping_method"))
	tests := map[string]struct {
		switches Switches
		call     func(s *Server) reply
		status   int
		code     string
	}{
		"not JSON":            {call: func(s *Server) reply { return post(s, []byte("{")) }, status: 400, code: "invalid_json"},
		"refusal with 200":    {Switches{ValidationStatus: 200}, func(s *Server) reply { return post(s, []byte("[]")) }, 200, "invalid_json"},
		"unknown ID":          {call: func(s *Server) reply { return get(s, "ffff") }, status: 200, code: "invalid_request_id"},
		"unknown ID, 404":     {Switches{UnknownIDStatus: 404}, func(s *Server) reply { return get(s, "ffff") }, 404, "invalid_request_id"},
		"lenient":             {Switches{LenientFields: true}, func(s *Server) reply { return post(s, lax) }, 200, ""},
		"strict":              {Switches{}, func(s *Server) reply { return post(s, lax) }, 400, "invalid_request"},
		"no funds, at once":   {Switches{InsufficientAtPost: true}, func(s *Server) reply { s.SetBalance(0); return post(s, body(ProductOK, "k")) }, 400, "insufficient_zma_balance"},
		"no funds, later":     {Switches{}, func(s *Server) reply { s.SetBalance(0); return post(s, body(ProductOK, "k")) }, 200, ""},
		"unknown path":        {call: func(s *Server) reply { return do(s, "GET", "/v1/products", nil) }, status: 404},
		"refused at the POST": {call: func(s *Server) reply { return post(s, body(ProductRefused("unauthorized_access"), "k")) }, status: 400, code: "unauthorized_access"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := tc.call(start(t, Options{Switches: tc.switches}))
			if r.Status != tc.status || r.code() != tc.code {
				t.Errorf("got %d %s, want %d %q", r.Status, r.Raw, tc.status, tc.code)
			}
		})
	}
}

func TestWrongTokenIsRefusedAndHasNoEffect(t *testing.T) {
	s := start(t, Options{Token: "another"})
	r := post(s, body(ProductOK, "k"))
	if r.Status != 401 || r.code() != "invalid_client_token" {
		t.Errorf("got %d %s", r.Status, r.Raw)
	}
	if got := len(s.sequence); got != 0 {
		t.Errorf("%d orders", got)
	}
}

func TestEchoHoldsNotesKeyAndToken(t *testing.T) {
	s := start(t, Options{})
	r := outcome(t, s, post(s, body(ProductOK, "k")).id(t))
	echo := r.JSON["request"].(map[string]any)
	want := map[string]any{"identity": identity, "attempt": 1.0, "key": "k"}
	if diff := cmp.Diff(want, echo["client_notes"]); diff != "" {
		t.Errorf("notes: %s", diff)
	}
	if echo["client_token"] != "sim-token" || echo["idempotency_key"] != "k" {
		t.Errorf("echo: %v", echo)
	}
}

func TestAbort(t *testing.T) {
	tests := map[string]struct{ product, now, end string }{
		"at once":  {ProductStuck, "aborted_request", "aborted_request"},
		"pending":  {ProductAbortPending, "request_processing", "aborted_request"},
		"too late": {ProductAbortTooLate, "request_processing", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{Processing: 100 * time.Millisecond})
			id := post(s, body(tc.product, "k")).id(t)
			if r := do(s, "POST", "/v1/orders/"+id+"/abort", nil); r.code() != tc.now {
				t.Errorf("abort answered %s", r.Raw)
			}
			if r := outcome(t, s, id); r.code() != tc.end {
				t.Errorf("ended with %s", r.Raw)
			}
			bought := len(s.Record().Purchases)
			if want := map[bool]int{true: 1}[tc.end == ""]; bought != want {
				t.Errorf("%d purchases, want %d", bought, want)
			}
		})
	}
}

func TestRetryIsANewOrderOfAFailedOneOnly(t *testing.T) {
	s := start(t, Options{})
	id := post(s, body(ProductFailOnce("internal_error"), "k")).id(t)
	if r := do(s, "POST", "/v1/orders/"+id+"/retry", nil); r.code() != "invalid_request" {
		t.Errorf("retry in processing: %s", r.Raw)
	}
	outcome(t, s, id)
	again := do(s, "POST", "/v1/orders/"+id+"/retry", nil).id(t)
	if r := outcome(t, s, again); again == id || r.JSON["_type"] != "order_response" {
		t.Errorf("retry gave %s: %s", again, r.Raw)
	}
	if r := get(s, id); r.code() != "internal_error" {
		t.Errorf("the first order changed: %s", r.Raw)
	}
}

func listed(s *Server, query string) []any {
	list, _ := do(s, "GET", "/v1/orders?"+query, nil).JSON["orders"].([]any)
	return list
}
