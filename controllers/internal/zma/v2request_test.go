package zma

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestTheBodyOfVersion2IsTheSameForEver: a repeat may come from another release
// than the first call.
func TestTheBodyOfVersion2IsTheSameForEver(t *testing.T) {
	full := request("B0TEST0001", "B0TEST0002")
	full.Items[0].Quantity = 3
	full.Items[0].Variants = []v1alpha1.Variant{{Dimension: "Size", Value: "L"}}
	full.Gift = &v1alpha1.Gift{Message: "All the best"}
	full.Address.Line2 = "Unit 2"
	full.Callbacks = map[string]string{"request_failed": "https://zma:t2@hooks.example.com/cb"}
	elsewhere := request("https://shop.example.com/p/1")
	elsewhere.Retailer, elsewhere.Address.State = "other", ""
	const notes = `"max_price":50000,"idempotency_key":"` + key + `","metadata":{"identity":"shop/web/1001","attempt":"1","key":"` + key + `"}`
	for name, c := range map[string]struct {
		request OrderRequest
		want    string
	}{
		"without options": {request("B0TEST0001"), `{"products":[{"url":"https://www.amazon.com/dp/B0TEST0001","quantity":1}],` +
			`"shipping_address":{"first_name":"Ada","last_name":"Sample","address_line1":"1 Main St","city":"Portland","state":"OR","postal_code":"97204","phone_number":"+15032234567","country":"US"},` + notes + `}`},
		"with all of them": {full, `{"products":[{"url":"https://www.amazon.com/dp/B0TEST0001","quantity":3,"variant":[{"label":"Size","value":"L"}]},{"url":"https://www.amazon.com/dp/B0TEST0002","quantity":1}],` +
			`"shipping_address":{"first_name":"Ada","last_name":"Sample","address_line1":"1 Main St","address_line2":"Unit 2","city":"Portland","state":"OR","postal_code":"97204","phone_number":"+15032234567","country":"US"},` + notes +
			`,"is_gift":true,"gift_message":"All the best"}`},
		"from another retailer, where there are no states": {elsewhere, `{"products":[{"url":"https://shop.example.com/p/1","quantity":1}],` +
			`"shipping_address":{"first_name":"Ada","last_name":"Sample","address_line1":"1 Main St","city":"Portland","postal_code":"97204","phone_number":"+15032234567","country":"US"},` + notes + `}`},
	} {
		if got, err := c.request.encodeV2(); err != nil || string(got) != c.want {
			t.Errorf("%s (%v):\n got %s\nwant %s", name, err, got, c.want)
		}
	}
}

// TestVersion2DoesNotSendWhatItMayNot, and proves nothing of an earlier call.
func TestVersion2DoesNotSendWhatItMayNot(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }))
	t.Cleanup(s.Close)
	for name, c := range map[string]struct {
		change func(*OrderRequest)
		code   string
	}{
		"no maximum price":                 {func(r *OrderRequest) { r.MaxPriceCents = 0 }, "invalid_request"},
		"no key":                           {func(r *OrderRequest) { r.Key = "" }, "invalid_request"},
		"no items":                         {func(r *OrderRequest) { r.Items = nil }, "invalid_request"},
		"a product ID of another retailer": {func(r *OrderRequest) { r.Retailer = "walmart" }, "invalid_request"},
		"a product of another retailer over HTTP": {func(r *OrderRequest) { r.Retailer, r.Items[0].ProductID = "other", "http://shop.example.com/p" }, "invalid_request"},
		"a URL without a host":                    {func(r *OrderRequest) { r.Retailer, r.Items[0].ProductID = "other", "https:///p" }, "invalid_request"},
		"a URL with a user":                       {func(r *OrderRequest) { r.Retailer, r.Items[0].ProductID = "other", "https://u:p@shop.example.com/p" }, "invalid_request"},
		"the fastest way":                         {func(r *OrderRequest) { r.Shipping = v1alpha1.Shipping{Method: "fastest"} }, "invalid_shipping_method"},
		"free shipping or none":                   {func(r *OrderRequest) { r.Shipping = v1alpha1.Shipping{Method: "free"} }, "invalid_shipping_method"},
		"by speed":                                {func(r *OrderRequest) { r.Shipping = v1alpha1.Shipping{OrderBy: "speed"} }, "invalid_shipping_method"},
		"a limit of days": {func(r *OrderRequest) { r.Shipping = v1alpha1.Shipping{OrderBy: "price", MaxDays: ptr.To[int32](3)} },
			"invalid_shipping_method"},
		"a limit of the price of shipping": {func(r *OrderRequest) {
			r.Shipping = v1alpha1.Shipping{OrderBy: "price", MaxPriceCents: ptr.To[int64](0)}
		},
			"invalid_shipping_method"},
	} {
		r := request()
		c.change(&r)
		got := clientV2(t, s.URL).Submit(t.Context(), r)
		if got.Verdict != Rejected || got.Code != c.code || got.Class != Operator || !errors.Is(got.Err, ErrRequest) {
			t.Errorf("%s: %+v, want Rejected with %s for this call alone", name, got, c.code)
		}
	}
	for _, s := range []v1alpha1.Shipping{{}, {Method: "cheapest"}, {OrderBy: "price"}} {
		r := request()
		r.Shipping = s
		if _, err := r.encodeV2(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
