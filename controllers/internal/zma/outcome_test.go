package zma

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOnlyTheOrdersOwnErrorEndsIt keeps an error of the call from being taken for
// a failure of the order, after which it would be bought again.
func TestOnlyTheOrdersOwnErrorEndsIt(t *testing.T) {
	get := func(c Client) (Observation, error) { return c.Get(t.Context(), "abc") }
	abort := func(c Client) (Observation, error) { return c.Abort(t.Context(), "abc") }
	bare := func(code string) string { return fmt.Sprintf(`{"_type":"error","code":%q,"data":{}}`, code) }
	named := func(code string) string { return fmt.Sprintf(`{"_type":"error","code":%q,"request_id":"abc"}`, code) }
	echoed := func(code string) string {
		return fmt.Sprintf(`{"_type":"error","code":%q,"request":{"retailer":"amazon"}}`, code)
	}
	nested := `{"_type":"error","data":{"_type":"error","code":"internal_error","request_id":"abc"}}`
	for name, c := range map[string]struct {
		call   func(Client) (Observation, error)
		status int
		body   string
		phase  Phase // of the order, or
		kind   Kind  // of the call's error
	}{
		"a documented failure in a 2xx":                       {get, 200, bare("product_unavailable"), Failed, ""},
		"an undocumented one that names the order":            {get, 200, named("brand_new_code"), Failed, ""},
		"an undocumented one without a trace of the order":    {get, 200, bare("brand_new_code"), "", KindRefused},
		"an outage while reading":                             {get, 200, bare("internal_error"), "", KindUnavailable},
		"an outage of the order":                              {get, 200, named("internal_error"), Failed, ""},
		"an outage of the order, echoing its request":         {get, 200, echoed("internal_error"), Failed, ""},
		"an outage of the order, named inside data":           {get, 200, nested, Failed, ""},
		"no failure is believed under a 5xx":                  {get, 500, named("internal_error"), "", KindUnavailable},
		"even one that echoes the request":                    {get, 503, echoed("product_unavailable"), "", KindUnavailable},
		"nor under 429":                                       {get, 429, named("product_unavailable"), "", KindRateLimited},
		"nor under 401":                                       {get, 401, named("product_unavailable"), "", KindUnauthorized},
		"nor under 403":                                       {get, 403, echoed("product_unavailable"), "", KindUnauthorized},
		"nor in a 4xx without a trace of the order":           {get, 400, bare("product_unavailable"), "", KindRefused},
		"a 4xx about the order is decided by its body":        {get, 400, named("product_unavailable"), Failed, ""},
		"work in progress is believed under any status":       {get, 503, bare("request_processing"), Processing, ""},
		"a placed order is believed under any status":         {get, 500, `{"_type":"order_response"}`, Placed, ""},
		"a token refused with 200 is the call's":              {get, 200, bare("invalid_client_token"), "", KindUnauthorized},
		"an account refused for the order itself":             {get, 200, echoed("unauthorized_access"), Failed, ""},
		"the order's own validation, found late":              {get, 200, echoed("invalid_request"), Failed, ""},
		"a request that the call got wrong":                   {get, 200, bare("invalid_request"), "", KindRefused},
		"an unknown ID, even if it is named":                  {get, 200, named("invalid_request_id"), "", KindNotFound},
		"an unknown ID with 404":                              {get, 404, bare("invalid_request_id"), "", KindNotFound},
		"a cancellation without a decision is no end":         {get, 200, named("attempting_to_cancel"), Processing, ""},
		"an error without a code":                             {get, 200, `{"_type":"error","request_id":"abc"}`, "", KindUnreadable},
		"a code without the type of an error":                 {get, 200, `{"code":"product_unavailable","request_id":"abc"}`, "", KindUnreadable},
		"an answer about another order":                       {get, 200, `{"_type":"error","code":"product_unavailable","request_id":"xyz"}`, "", KindUnreadable},
		"an abort that worked":                                {abort, 200, bare("aborted_request"), Failed, ""},
		"an abort without a decision":                         {abort, 200, bare("request_processing"), Processing, ""},
		"an abort too late":                                   {abort, 200, `{"_type":"order_response"}`, Placed, ""},
		"an abort of an order that had failed":                {abort, 200, echoed("product_unavailable"), Failed, ""},
		"a refusal to abort, documented for orders":           {abort, 200, bare("product_unavailable"), "", KindRefused},
		"a refusal to abort by an undocumented code":          {abort, 200, bare("too_late"), "", KindRefused},
		"a refusal to abort with a status":                    {abort, 400, bare("invalid_request"), "", KindRefused},
		"an abort that did not get through":                   {abort, 502, `<html>`, "", KindUnavailable},
		"a code that no status could hold does not break one": {get, 200, named(strings.Repeat("c", 65)), Failed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(c.status, nil, c.body))
			t.Cleanup(s.Close)
			got, err := c.call(client(t, s.URL))
			if c.kind == "" {
				if err != nil || got.Phase != c.phase || got.RequestID != "abc" || len(got.Code) > maxWord {
					t.Errorf("%+v, %v, want the phase %s", got, err, c.phase)
				}
				return
			}
			var call *CallError
			if !errors.As(err, &call) || call.Kind != c.kind || call.Status != c.status {
				t.Errorf("%+v, %v, want a CallError of kind %s", got, err, c.kind)
			}
			if got.Phase != "" {
				t.Errorf("the order shows the phase %s beside the call's error", got.Phase)
			}
		})
	}
}

// TestOddShapesHideNothingElse: an odd field is left out, and the order around it
// is read all the same.
func TestOddShapesHideNothingElse(t *testing.T) {
	body := func(fields string) string {
		return `{"_type":"order_response","request_id":"abc","price_components":{"total":100},"merchant_order_ids":[{"merchant_order_id":"112-1"}],` + fields + `}`
	}
	want := func(change func(*Observation)) Observation {
		o := Observation{RequestID: "abc", Phase: Placed, Price: &Price{AdjustmentCents: 100, TotalCents: 100}, MerchantOrderIDs: []string{"112-1"}}
		change(&o)
		return o
	}
	same := func(*Observation) {}
	for name, c := range map[string]struct {
		fields string
		want   Observation
	}{
		"no price at all":                        {`"price_components":null`, want(func(o *Observation) { o.Price = nil })},
		"a price without a total":                {`"price_components":{"total":null,"subtotal":90}`, want(func(o *Observation) { o.Price = nil })},
		"a total with a fraction is not rounded": {`"price_components":{"total":12.34}`, want(func(o *Observation) { o.Price = nil })},
		"a total beyond all reason":              {`"price_components":{"total":9223372036854775807}`, want(func(o *Observation) { o.Price = nil })},
		"a total in quotes":                      {`"price_components":{"total":"250","tax":"50.00"}`, want(func(o *Observation) { o.Price = &Price{TaxCents: 50, AdjustmentCents: 200, TotalCents: 250} })},
		"a discount beyond the parts":            {`"price_components":{"subtotal":150,"total":100}`, want(func(o *Observation) { o.Price = &Price{SubtotalCents: 150, AdjustmentCents: -50, TotalCents: 100} })},
		"prices that are no object":              {`"price_components":[1]`, want(same)},
		"merchant orders as words":               {`"merchant_order_ids":["112-2",7,null]`, want(func(o *Observation) { o.MerchantOrderIDs = []string{"112-2"} })},
		"one merchant order alone":               {`"merchant_order_ids":{"merchant_order_id":"112-3"}`, want(func(o *Observation) { o.MerchantOrderIDs = []string{"112-3"} })},
		"one odd parcel beside a good one":       {`"tracking":[7,{"tracking_number":5,"carrier":"UPS"},{"retailer_tracking_number":"TBA1"},{}]`, want(func(o *Observation) { o.Parcels = []Parcel{{Carrier: "UPS"}, {Number: "TBA1"}} })},
		"a parcel whose status is odd":           {`"tracking":[{"tracking_number":"1Z","delivery_status":true,"tracking_url":"https://t.example.com/1Z"}]`, want(func(o *Observation) { o.Parcels = []Parcel{{Number: "1Z", URL: "https://t.example.com/1Z"}} })},
		"dates as words":                         {`"delivery_dates":["Mar. 4, 2026",{"date":"2026-03-05"},{"days":3}]`, want(func(o *Observation) { o.DeliveryDates = []string{"Mar. 4, 2026", "2026-03-05"} })},
		"updates that are none":                  {`"status_updates":["order.cancelled",7]`, want(same)},
		"one update alone":                       {`"status_updates":{"type":"request.cancelled"}`, want(func(o *Observation) { o.Phase, o.CancelledMerchantOrders = CancelledByRetailer, []string{"112-1"} })},
		"an attempt in quotes":                   {`"request":{"client_notes":{"attempt":"1","identity":"shop/web/1001"}}`, want(func(o *Observation) { o.Identity = "shop/web/1001" })},
		"an echo that is none":                   {`"request":"secret"`, want(same)},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(200, nil, body(c.fields)))
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

// TestAnIDThatIsNoneMakesNoCall: it would ask for something else.
func TestAnIDThatIsNoneMakesNoCall(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }))
	t.Cleanup(s.Close)
	c := client(t, s.URL)
	for _, id := range []string{"", "..", "abc/abort", "abc?x=1", strings.Repeat("a", 65)} {
		if _, err := c.Get(t.Context(), id); err == nil {
			t.Errorf("Get(%q) gave no error", id)
		}
		if _, err := c.Abort(t.Context(), id); err == nil {
			t.Errorf("Abort(%q) gave no error", id)
		}
	}
}
