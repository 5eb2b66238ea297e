package zma

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPricesAreInTheAccountsCurrency: what the account was charged counts, by either
// version of the API and in lists too; a price in another currency is none.
func TestPricesAreInTheAccountsCurrency(t *testing.T) {
	const parts = `"subtotal":800,"shipping":100,"tax":99,"total":1000`
	own := &Price{SubtotalCents: 800, ShippingCents: 100, TaxCents: 99, AdjustmentCents: 1, TotalCents: 1000}
	in := func(p Price, currency string) *Price { p.Currency = currency; return &p }
	for name, c := range map[string]struct {
		prices  string
		want    *Price
		foreign string
	}{
		"the account's":                      {parts + `,"currency":"USD","payment_currency":"USD","converted_payment_total":1000`, in(*own, "USD"), ""},
		"the account's, in small letters":    {parts + `,"currency":"usd"`, in(*own, "USD"), ""},
		"none is named":                      {parts, own, ""},
		"the retailer's, and what was paid":  {parts + `,"currency":"GBP","payment_currency":"USD","converted_payment_total":1255`, &Price{SubtotalCents: 1004, ShippingCents: 125, TaxCents: 124, AdjustmentCents: 2, TotalCents: 1255, Currency: "USD"}, ""},
		"the retailer's, paid in a third":    {parts + `,"currency":"GBP","payment_currency":"EUR","converted_payment_total":1255`, nil, "GBP"},
		"the retailer's alone":               {parts + `,"currency":"GBP"`, nil, "GBP"},
		"the retailer's, what was paid is ?": {parts + `,"currency":"GBP","payment_currency":"USD","converted_payment_total":"?"`, nil, "GBP"},
		"no currency's code":                 {parts + `,"currency":"ask Ada Sample"`, nil, "XXX"},
		"a total of nothing":                 {`"subtotal":5,"total":0,"currency":"GBP","payment_currency":"USD","converted_payment_total":0`, &Price{Currency: "USD"}, ""},
		"parts beyond all reason":            {`"subtotal":1000000000000000,"total":1,"currency":"GBP","payment_currency":"USD","converted_payment_total":1000000000000000`, &Price{AdjustmentCents: 1e15, TotalCents: 1e15, Currency: "USD"}, ""},
	} {
		v1 := fmt.Sprintf(`{"_type":"order_response","request_id":"abc","price_components":{%s}}`, c.prices)
		v2 := v2OrderOf("order_placed", fmt.Sprintf(`,"job_result":{"price_components":{%s}}`, c.prices))
		for version, shape := range map[string]struct {
			body string
			read func(*testing.T, string) (Observation, error)
		}{
			"v1":      {v1, func(t *testing.T, url string) (Observation, error) { return client(t, url).Get(t.Context(), "abc") }},
			"v1 list": {`{"orders":[` + v1 + `]}`, func(t *testing.T, url string) (Observation, error) { return first(t, client(t, url)) }},
			"v2":      {v2, func(t *testing.T, url string) (Observation, error) { return clientV2(t, url).Get(t.Context(), uuid) }},
			"v2 list": {`{"orders":[` + v2 + `]}`, func(t *testing.T, url string) (Observation, error) { return first(t, clientV2(t, url)) }},
		} {
			t.Run(name+", "+version, func(t *testing.T) {
				s := httptest.NewServer(answerWith(200, nil, shape.body))
				t.Cleanup(s.Close)
				got, err := shape.read(t, s.URL)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got.Price); diff != "" || got.ForeignPrice != c.foreign {
					t.Errorf("foreign price %q, want %q; price (-want +got):\n%s", got.ForeignPrice, c.foreign, diff)
				}
			})
		}
	}
}

// first order of the provider's list.
func first(t *testing.T, c Client) (out Observation, err error) {
	err = c.List(t.Context(), time.Time{}, func(o Observation) bool { out = o; return false })
	return out, err
}
