package zma

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestTheBodyIsTheSameForEver: a repeat may come from another release than the
// first call, and has to be the same call.
func TestTheBodyIsTheSameForEver(t *testing.T) {
	plain := request("B0TEST0001")
	full := request("B0TEST0001", "B0TEST0002")
	full.Items[0].Quantity = 3
	full.Items[0].Variants = []v1alpha1.Variant{{Dimension: "Size", Value: "L"}}
	full.Shipping = v1alpha1.Shipping{OrderBy: "price", MaxDays: ptr.To[int32](5), MaxPriceCents: ptr.To[int64](0)}
	full.Gift = &v1alpha1.Gift{Message: "All the best"}
	full.Address.Line2 = "Unit 2"
	full.Callbacks = map[string]string{"request_succeeded": "https://zma:t1@hooks.example.com/cb", "request_failed": "https://zma:t2@hooks.example.com/cb"}
	const head = `{"idempotency_key":"` + key + `","retailer":"amazon","addax":true,"products":[`
	const notes = `"client_notes":{"identity":"shop/web/1001","attempt":1,"key":"` + key + `"}`
	for name, c := range map[string]struct {
		request OrderRequest
		want    string
	}{
		"without options": {plain, head + `{"product_id":"B0TEST0001","quantity":1}],"max_price":50000,` +
			`"shipping_address":{"first_name":"Ada","last_name":"Sample","address_line1":"1 Main St","address_line2":"","zip_code":"97204","city":"Portland","state":"OR","country":"US","phone_number":"+15032234567"},` +
			`"shipping_method":"cheapest","is_gift":false,` + notes + `}`},
		"with all of them": {full, head + `{"product_id":"B0TEST0001","quantity":3,"variants":[{"dimension":"Size","value":"L"}]},{"product_id":"B0TEST0002","quantity":1}],"max_price":50000,` +
			`"shipping_address":{"first_name":"Ada","last_name":"Sample","address_line1":"1 Main St","address_line2":"Unit 2","zip_code":"97204","city":"Portland","state":"OR","country":"US","phone_number":"+15032234567"},` +
			`"shipping":{"order_by":"price","max_days":5,"max_price":0},"is_gift":true,"gift_message":"All the best",` + notes +
			`,"webhooks":{"request_failed":"https://zma:t2@hooks.example.com/cb","request_succeeded":"https://zma:t1@hooks.example.com/cb"}}`},
	} {
		if got, err := c.request.Encode(); err != nil || string(got) != c.want {
			t.Errorf("%s (%v):\n got %s\nwant %s", name, err, got, c.want)
		}
	}
}

// TestWhatMayNotBeSentIsNot, and proves nothing of an earlier call.
func TestWhatMayNotBeSentIsNot(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }))
	t.Cleanup(s.Close)
	r := request()
	r.MaxPriceCents = 0
	if got := client(t, s.URL).Submit(t.Context(), r); got.Verdict != Rejected || got.Code != "invalid_request" || got.Class != Operator || got.Err == nil {
		t.Errorf("Submit = %+v, want Rejected for this call alone", got)
	}
}
