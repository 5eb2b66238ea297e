package zma

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// v2OrderOf is an order as version 2 gives it; fields are added to it.
func v2OrderOf(status, fields string) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"created_at":"2026-03-01T12:00:00Z","metadata":{"identity":"shop/web/1001","attempt":"1","key":%q}%s}`,
		uuid, status, key, fields)
}

func TestGetReadsEveryShapeOfVersion2(t *testing.T) {
	base := Observation{RequestID: uuid, Key: key, Identity: "shop/web/1001", Attempt: 1, CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	with := func(phase Phase, code string, changes ...func(*Observation)) Observation {
		o := base
		o.Phase, o.Code = phase, code
		if code != "" {
			o.Class = Classify(code).Class
		}
		for _, change := range changes {
			change(&o)
		}
		return o
	}
	price := func(o *Observation) {
		o.Price = &Price{SubtotalCents: 4398, ShippingCents: 599, TaxCents: 352, AdjustmentCents: 51, TotalCents: 5400, Currency: "USD"}
	}
	merchant := func(o *Observation) { o.MerchantOrderIDs = []string{"112-1", "112-2"} }
	takenBack := func(o *Observation) { o.CancelledMerchantOrders = o.MerchantOrderIDs }
	parcel := func(delivered bool) func(*Observation) {
		return func(o *Observation) {
			o.Parcels = []Parcel{{Carrier: "UPS", Number: "1Z", OtherNumber: "ZPY1YQ", URL: "https://track.example.com/ZPY1YQ", Delivered: delivered}}
		}
	}
	items := func(states ...ItemState) func(*Observation) { return func(o *Observation) { o.Items = states } }
	dates := func(d ...string) func(*Observation) { return func(o *Observation) { o.DeliveryDates = d } }
	const result = `,"job_result":{"success":true,"price_components":{"subtotal":4398,"shipping":599,"tax":352,"fees":51,"discount":null,"total":5400,"currency":"USD"},"estimated_delivery":%s,"merchant_order_ids":[{"merchant_order_id":"112-1"},{"merchant_order_id":"112-2"}]},"merchant_order_ids":["112-1"]`
	done := fmt.Sprintf(result, `"2026-03-04"`)
	tracking := func(status string) string {
		return `,"tracking_numbers":[{"id":"t","carrier":"UPS","tracking_number":"1Z","zinc_tracking_number":"ZPY1YQ","zinc_tracking_url":"https://track.example.com/ZPY1YQ","status":"` + status + `","estimated_delivery_date":"2026-03-05"}]`
	}
	for name, c := range map[string]struct {
		body string
		want Observation
	}{
		"not begun":                                  {v2OrderOf("pending", `,"job_result":null`), with(Processing, "request_processing")},
		"begun":                                      {v2OrderOf("in_progress", ``), with(Processing, "request_processing")},
		"placed, nothing shipped":                    {v2OrderOf("order_placed", done), with(Placed, "", price, merchant, dates("2026-03-04"))},
		"placed, without a price yet":                {v2OrderOf("order_placed", `,"job_result":{"price_components":{"total":null,"subtotal":1}}`), with(Placed, "")},
		"placed, with nothing beside it":             {v2OrderOf("order_placed", ``), with(Placed, "")},
		"a parcel under way":                         {v2OrderOf("order_placed", done+tracking("in_transit")), with(Placed, "", price, merchant, parcel(false), dates("2026-03-04", "2026-03-05"))},
		"a parcel that has arrived":                  {v2OrderOf("order_placed", fmt.Sprintf(result, `null`)+tracking("delivered")), with(Placed, "", price, merchant, parcel(true), dates("2026-03-05"))},
		"items that have arrived":                    {v2OrderOf("order_placed", done+tracking("pending")+`,"items":[{"status":"delivered"}]`), with(Placed, "", price, merchant, items(ItemDelivered), parcel(true), dates("2026-03-04", "2026-03-05"))},
		"an item that has not arrived":               {v2OrderOf("order_placed", done+tracking("pending")+`,"items":[{"status":"delivered"},{"status":"shipped"}]`), with(Placed, "", price, merchant, items(ItemDelivered, ItemOpen), parcel(false), dates("2026-03-04", "2026-03-05"))},
		"an item that will not come":                 {v2OrderOf("order_placed", done+tracking("pending")+`,"items":[{"status":"delivered"},{"status":"cancelled"}]`), with(Placed, "", price, merchant, items(ItemDelivered, ItemCancelled), parcel(true), dates("2026-03-04", "2026-03-05"))},
		"items of which none will come":              {v2OrderOf("order_placed", done+tracking("pending")+`,"items":[{"status":"cancelled"}]`), with(Placed, "", price, merchant, items(ItemCancelled), parcel(false), dates("2026-03-04", "2026-03-05"))},
		"items that nobody says will not come":       {v2OrderOf("order_placed", done+tracking("pending")+`,"items":[{"status":"delivered"},{"status":"skipped"},{"status":"failed"}]`), with(Placed, "", price, merchant, items(ItemDelivered, ItemOpen, ItemOpen), parcel(false), dates("2026-03-04", "2026-03-05"))},
		"a failure":                                  {v2OrderOf("order_failed", `,"job_result":{"success":false,"error":"m","error_type":"max_price_exceeded"}`), with(Failed, "max_price_exceeded")},
		"a failure by its details":                   {v2OrderOf("order_failed", `,"job_result":{"error_details":{"code":"shipping_address_invalid"}}`), with(Failed, "shipping_address_invalid")},
		"a failure by its item":                      {v2OrderOf("order_failed", `,"items":[{"status":"skipped"},{"error_type":"product_out_of_stock"}]`), with(Failed, "product_out_of_stock", items(ItemOpen, ItemOpen))},
		"a failure without a cause":                  {v2OrderOf("order_failed", ``), with(Failed, "unknown")},
		"a failure that nobody documents":            {v2OrderOf("order_failed", `,"job_result":{"error_type":"never_heard_of"}`), with(Failed, "never_heard_of")},
		"a cause that no status could hold":          {v2OrderOf("order_failed", `,"job_result":{"error_type":"a b"}`), with(Failed, "unreadable_code")},
		"a failure with a number of the retailer's":  {v2OrderOf("order_failed", `,"job_result":{"error_type":"checkout_failed"},"merchant_order_ids":["112-1","112-2"]`), with(Failed, "order_probably_placed", merchant)},
		"stopped by us":                              {v2OrderOf("cancelled", ``), with(Failed, "aborted_request")},
		"cancelled with a number of the retailer's":  {v2OrderOf("cancelled", `,"merchant_order_ids":["112-1","112-2"]`), with(CancelledByRetailer, "", merchant, takenBack)},
		"cancelled by the retailer":                  {v2OrderOf("cancelled_by_retailer", done), with(CancelledByRetailer, "", price, merchant, takenBack, dates("2026-03-04"))},
		"an attempt as a number":                     {`{"id":"` + uuid + `","status":"pending","metadata":{"attempt":3}}`, Observation{RequestID: uuid, Phase: Processing, Code: "request_processing", Class: InProgress, Attempt: 3}},
		"a time without its zone, and odd fields":    {`{"id":"` + uuid + `","status":"pending","metadata":[],"items":3,"job_result":"x","created_at":"2026-03-01T12:00:00.000"}`, Observation{RequestID: uuid, Phase: Processing, Code: "request_processing", Class: InProgress, CreatedAt: base.CreatedAt}},
		"a key of the order's own":                   {`{"id":"` + uuid + `","status":"pending","idempotency_key":"k"}`, Observation{RequestID: uuid, Phase: Processing, Code: "request_processing", Class: InProgress, Key: "k"}},
		"a parcel known by the provider's number":    {v2OrderOf("order_placed", `,"tracking_numbers":[{"carrier":"UPS","zinc_tracking_number":"ZPY1YQ"},{"status":"delivered"}]`), with(Placed, "", func(o *Observation) { o.Parcels = []Parcel{{Carrier: "UPS", Number: "ZPY1YQ"}} })},
		"texts beyond what a status could hold fall": {v2OrderOf("order_placed", `,"merchant_order_ids":["`+strings.Repeat("1", 65)+`"]`), with(Placed, "")},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(200, nil, c.body))
			t.Cleanup(s.Close)
			got, err := clientV2(t, s.URL).Get(t.Context(), uuid)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Get (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetByVersion2TellsTheCallFromTheOrder(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    Kind
	}{
		"an unknown ID":                          {answerWith(404, nil, `{"code":"not_found","message":"m"}`), KindNotFound},
		"a refused token says nothing of orders": {answerWith(401, nil, `{"error":{"code":"token_expired"}}`), KindUnauthorized},
		"a forbidden account neither":            {answerWith(403, nil, ``), KindUnauthorized},
		"too many requests":                      {answerWith(429, nil, ``), KindRateLimited},
		"a server error":                         {answerWith(502, nil, `<html>`), KindUnavailable},
		"an order under a server error":          {answerWith(500, nil, v2OrderOf("order_failed", ``)), KindUnavailable},
		"a refusal":                              {answerWith(422, nil, `{"detail":[{"loc":["path","order_id"]}]}`), KindRefused},
		"an answer that can't be read":           {answerWith(200, nil, `%%%`), KindUnreadable},
		"an answer of no known status":           {answerWith(200, nil, v2OrderOf("shipped", ``)), KindUnreadable},
		"an answer about another order":          {answerWith(200, nil, `{"id":"other","status":"order_failed"}`), KindUnreadable},
		"an answer without an ID":                {answerWith(200, nil, `{"status":"order_failed"}`), KindUnreadable},
		"a redirect":                             {answerWith(302, http.Header{"Location": {"/x"}}, `{"code":"bad_request"}`), KindUnreadable},
		"no answer":                              {hijack(func(net.Conn) {}), KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			t.Cleanup(s.Close)
			got, err := clientV2(t, s.URL).Get(t.Context(), uuid)
			var call *CallError
			if !errors.As(err, &call) || call.Kind != c.kind {
				t.Errorf("Get: %+v, %v, want %s", got, err, c.kind)
			}
		})
	}
	if _, err := clientV2(t, "http://127.0.0.1:1").Get(t.Context(), "../wallet/me"); err == nil || !strings.Contains(err.Error(), "not a request ID") {
		t.Errorf("an ID that is a path: %v", err)
	}
}

// TestAbortByVersion2ReadsTheOrder, whether it was stopped or not.
func TestAbortByVersion2ReadsTheOrder(t *testing.T) {
	for name, c := range map[string]struct {
		cancel http.HandlerFunc
		order  string
		phase  Phase
		kind   Kind
	}{
		"stopped":                         {answerWith(204, nil, ``), v2OrderOf("cancelled", ``), Failed, ""},
		"stopped, and not seen yet":       {answerWith(204, nil, ``), v2OrderOf("pending", ``), Processing, ""},
		"too late":                        {answerWith(422, nil, `{"error":{"code":"order_not_cancellable"}}`), v2OrderOf("order_placed", ``), Placed, ""},
		"too late, by another status":     {answerWith(409, nil, `{"code":"order_not_cancellable"}`), v2OrderOf("in_progress", ``), Processing, ""},
		"an order that nobody knows":      {answerWith(404, nil, `{"code":"not_found"}`), ``, "", KindNotFound},
		"a refused token":                 {answerWith(401, nil, ``), ``, "", KindUnauthorized},
		"another refusal":                 {answerWith(422, nil, `{"code":"validation_error"}`), ``, "", KindRefused},
		"a call without an answer":        {hijack(func(net.Conn) {}), ``, "", KindUnavailable},
		"an order that can't be read now": {answerWith(204, nil, ``), `%%%`, "", KindUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					c.cancel(w, r)
					return
				}
				answerWith(200, nil, c.order)(w, r)
			}))
			t.Cleanup(s.Close)
			got, err := clientV2(t, s.URL).Abort(t.Context(), uuid)
			var call *CallError
			if errors.As(err, &call) != (c.kind != "") || c.kind != "" && call.Kind != c.kind || got.Phase != c.phase {
				t.Errorf("Abort = %+v, %v, want phase %q or kind %q", got, err, c.phase, c.kind)
			}
		})
	}
}

func TestRefundsOfVersion2AreOfCancelledOrdersAlone(t *testing.T) {
	const total = `,"job_result":{"price_components":{"total":5400}}`
	for name, c := range map[string]struct {
		order string
		want  []Refund
	}{
		"cancelled by the retailer":      {v2OrderOf("cancelled_by_retailer", total), []Refund{{Reference: "automatic", Cents: 5400}}},
		"cancelled, at an unknown price": {v2OrderOf("cancelled_by_retailer", ``), nil},
		"placed":                         {v2OrderOf("order_placed", total), nil},
		"stopped before it was placed":   {v2OrderOf("cancelled", total), nil},
	} {
		s := httptest.NewServer(answerWith(200, nil, c.order))
		got, err := clientV2(t, s.URL).Refunds(t.Context(), uuid, time.Time{})
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		s.Close()
	}
	if _, err := clientV2(t, "http://127.0.0.1:1").Refunds(t.Context(), uuid, time.Time{}); err == nil {
		t.Error("an order that can't be read has no refund")
	}
}

func TestBalanceOfVersion2(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Balance
		kind   Kind
	}{
		"with what is held for orders":    {200, `{"balance":9000,"spendable_balance":7500,"order_fee_cents":100}`, Balance{AvailableCents: 9000, PendingCents: 1500}, ""},
		"with an odd balance beside it":   {200, `{"balance":{},"spendable_balance":7500}`, Balance{AvailableCents: 7500}, ""},
		"without the rest":                {200, `{"spendable_balance":0}`, Balance{}, ""},
		"more than the balance":           {200, `{"balance":1,"spendable_balance":5}`, Balance{AvailableCents: 1}, ""},
		"a balance alone is not spent on": {200, `{"balance":9000}`, Balance{}, KindUnreadable},
		"a refused token":                 {401, `{"detail":"Not authenticated"}`, Balance{}, KindUnauthorized},
		"an error with figures":           {500, `{"spendable_balance":5}`, Balance{}, KindUnavailable},
	} {
		s := httptest.NewServer(answerWith(c.status, nil, c.body))
		got, err := clientV2(t, s.URL).Balance(t.Context())
		var call *CallError
		if errors.As(err, &call) != (c.kind != "") || c.kind != "" && call.Kind != c.kind || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v or %q", name, got, err, c.want, c.kind)
		}
		s.Close()
	}
}

// TestVersion2SaysWhatItDoesNotHave, and makes no call for it.
func TestVersion2SaysWhatItDoesNotHave(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }))
	t.Cleanup(s.Close)
	c, ctx := clientV2(t, s.URL), t.Context()
	for name, call := range map[string]func() error{
		"retry":        func() error { _, err := c.Retry(ctx, uuid, key); return err },
		"cancel":       func() error { _, err := c.Cancel(ctx, uuid, "112-1"); return err },
		"cancellation": func() error { _, err := c.Cancellation(ctx, uuid); return err },
		"case":         func() error { _, err := c.Case(ctx, uuid); return err },
		"open case":    func() error { _, err := c.OpenCase(ctx, uuid, "other", "m"); return err },
		"return":       func() error { _, err := c.Return(ctx, uuid, ReturnRequest{}); return err },
		"returned":     func() error { _, err := c.Returned(ctx, uuid); return err },
		"transactions": func() error { _, err := c.Transactions(ctx, 10, 0); return err },
	} {
		var failed *CallError
		if err := call(); !errors.As(err, &failed) || failed.Kind != KindUnsupported {
			t.Errorf("%s: %v, want %s", name, err, KindUnsupported)
		}
	}
}

// TestTheTokenOfVersion2StaysInside, wherever a server puts it.
func TestTheTokenOfVersion2StaysInside(t *testing.T) {
	for _, h := range []http.HandlerFunc{
		answerWith(400, nil, `{"code":"bad_request","message":"`+token+`","details":{"authorization":"Bearer `+token+`"}}`),
		answerWith(302, http.Header{"Location": {"http://x:" + token + "@%zz/"}}, ``),
		answerWith(200, nil, `{"id":["`+token+`"],"status":{"`+token+`":1}}`),
		hijack(func(c net.Conn) { _, _ = fmt.Fprintf(c, "%s Bearer\r\n\r\n", token) }),
	} {
		s := httptest.NewServer(h)
		c := clientV2(t, s.URL)
		result := c.Submit(t.Context(), request())
		_, getErr := c.Get(t.Context(), uuid)
		_, findErr := c.Find(t.Context(), key, ours, 1, time.Time{})
		for _, v := range []any{c, result, result.Err, getErr, findErr} {
			if text := fmt.Sprintf("%v %+v %#v", v, v, v); strings.Contains(text, token) {
				t.Errorf("the token shows: %s", text)
			}
		}
		s.Close()
	}
}
