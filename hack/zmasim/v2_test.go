package zmasim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// startV2 runs a simulator that serves version 2 too.
func startV2(t *testing.T, o Options) *Server {
	t.Helper()
	o.V2 = true
	return start(t, o)
}

// bodyV2 builds an order that is accepted; each edit changes it.
func bodyV2(product, key string, edits ...func(map[string]any)) map[string]any {
	b := map[string]any{
		"idempotency_key": key, "max_price": 10_000,
		"products": []any{map[string]any{"url": "https://www.amazon.com/dp/" + product, "quantity": 1}},
		"shipping_address": map[string]any{
			"first_name": "Ada", "last_name": "Sample", "address_line1": "10 Test Street",
			"postal_code": "97201", "city": "Portland", "state": "OR", "country": "US", "phone_number": "5035550100",
		},
		"metadata": map[string]any{"identity": identity, "attempt": "1", "key": key},
	}
	for _, edit := range edits {
		edit(b)
	}
	return b
}

func doV2(t *testing.T, s *Server, method, path string, payload any) reply {
	t.Helper()
	var data []byte
	if payload != nil {
		data = mustJSON(payload)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, s.V2URL()+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer sim-token")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{Err: err}
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	r := reply{Status: response.StatusCode, Header: response.Header, Raw: raw, Err: err}
	_ = json.Unmarshal(raw, &r.JSON) // some answers are meant to be no JSON
	return r
}

func postV2(t *testing.T, s *Server, b any) reply {
	t.Helper()
	return doV2(t, s, "POST", "/orders", b)
}

func getV2(t *testing.T, s *Server, id string) reply {
	t.Helper()
	return doV2(t, s, "GET", "/orders/"+id, nil)
}

func (r reply) idV2(t *testing.T) string {
	t.Helper()
	id, _ := r.JSON["id"].(string)
	if r.Status != http.StatusCreated || len(id) != 36 {
		t.Fatalf("no order: status %d, body %s, error %v", r.Status, r.Raw, r.Err)
	}
	return id
}

func (r reply) status() string { status, _ := r.JSON["status"].(string); return status }

func (r reply) at(path ...string) any {
	var v any = r.JSON
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// becomes waits until an order has a status.
func becomes(t *testing.T, s *Server, id, status string) (r reply) {
	t.Helper()
	eventually(t, status, func() bool { r = getV2(t, s, id); return r.status() == status })
	return r
}

func TestAnOrderOfVersion2IsBoughtOnceFromTheSharedBalance(t *testing.T) {
	s := startV2(t, Options{})
	id := postV2(t, s, bodyV2(ProductOK, "k")).idV2(t)
	placed := becomes(t, s, id, "order_placed")
	total := int64(placed.at("job_result", "price_components", "total").(float64))
	if want := Quote("cheapest", Line{ProductID: ProductOK, Quantity: 1}).Total; total != want {
		t.Errorf("it cost %d, want %d", total, want)
	}
	bought := s.Record().PurchasesOf(identity)
	if len(bought) != 1 || bought[0].TotalCents != total || bought[0].RequestID != id || bought[0].Attempt != 1 || bought[0].Key != "k" {
		t.Errorf("purchases %+v, want one of %d", bought, total)
	}
	for _, field := range []string{"balance", "spendable_balance"} {
		if got := doV2(t, s, "GET", "/wallet/me", nil).at(field); got != float64(10_000_000-total) {
			t.Errorf("%s is %v", field, got)
		}
	}
	if got := do(s, "GET", "/v1/addax/balance", nil).at("balance"); got != float64(10_000_000-total) {
		t.Errorf("version 1's balance is %v", got)
	}
	if diff := cmp.Diff([]string{"k"}, s.Record().KeysOf(identity)); diff != "" {
		t.Error(diff)
	}
}

func TestAKeyOfVersion2IsTakenOnce(t *testing.T) {
	s := startV2(t, Options{})
	id := postV2(t, s, bodyV2(ProductOK, "k")).idV2(t)
	again := postV2(t, s, bodyV2(ProductOK, "k"))
	if again.Status != http.StatusConflict || again.at("error", "code") != "already_exists" || again.at("error", "details", "identifier") != "k" {
		t.Errorf("a repeat: %d %s", again.Status, again.Raw)
	}
	if v1 := post(s, body(ProductOK, "k")); v1.JSON["request_id"] != id {
		t.Errorf("the same key by version 1: %s, want %s", v1.Raw, id)
	}
	post(s, body(ProductOK, "one")).id(t)
	if other := postV2(t, s, bodyV2(ProductOK, "one")); other.Status != http.StatusConflict {
		t.Errorf("a key of version 1: %d", other.Status)
	}
	refused := bodyV2(ProductOK, "r", without("max_price"))
	if r := postV2(t, s, refused); r.Status != http.StatusUnprocessableEntity {
		t.Errorf("a refusal: %d", r.Status)
	}
	postV2(t, s, bodyV2(ProductOK, "r")).idV2(t) // a refusal uses up no key
}

func TestVersion2HoldsBackWhatAnOrderMayCost(t *testing.T) {
	s := startV2(t, Options{BalanceCents: 15_000})
	postV2(t, s, bodyV2(ProductStuck, "k1")).idV2(t)
	if got := doV2(t, s, "GET", "/wallet/me", nil).at("spendable_balance"); got != float64(15_000-10_000-feeV2Cents) {
		t.Errorf("spendable are %v", got)
	}
	poor := postV2(t, s, bodyV2(ProductOK, "k2"))
	if poor.Status != http.StatusPaymentRequired || poor.at("error", "code") != "insufficient_funds" {
		t.Errorf("%d %s", poor.Status, poor.Raw)
	}
	if again := postV2(t, s, bodyV2(ProductStuck, "k1")); again.Status != http.StatusConflict {
		t.Errorf("a repeat without funds: %d, want the key to count", again.Status)
	}
	first := startV2(t, Options{BalanceCents: 15_000, Switches: Switches{V2FundsFirst: true, V2FlatErrors: true}})
	postV2(t, first, bodyV2(ProductStuck, "k1")).idV2(t)
	if again := postV2(t, first, bodyV2(ProductStuck, "k1")); again.Status != http.StatusPaymentRequired || again.code() != "insufficient_funds" {
		t.Errorf("a repeat where funds come first: %d %s", again.Status, again.Raw)
	}
}

func TestHowOrdersOfVersion2End(t *testing.T) {
	s := startV2(t, Options{})
	for name, c := range map[string]struct{ product, status, errorType string }{
		"bought":                     {ProductOK, "order_placed", ""},
		"bought in parts":            {ProductSplit, "order_placed", ""},
		"out of stock":               {ProductFor("product_out_of_stock"), "order_failed", "product_out_of_stock"},
		"the account is locked":      {ProductFor("account_locked"), "order_failed", "account_locked"},
		"an unknown code":            {ProductFor("unheard_of_code"), "order_failed", "unheard_of_code"},
		"no product":                 {"lower", "order_failed", "product_not_found"},
		"cancelled by the retailer":  {ProductRetailerCancel, "cancelled_by_retailer", ""},
		"looked at, and then bought": {ProductReviewThenSuccess, "order_placed", ""},
	} {
		id := postV2(t, s, bodyV2(c.product, name)).idV2(t)
		r := becomes(t, s, id, c.status)
		if got, _ := r.at("job_result", "error_type").(string); got != c.errorType {
			t.Errorf("%s: error type %q, want %q", name, got, c.errorType)
		}
	}
	expensive := postV2(t, s, bodyV2(ProductOK, "low", with("max_price", 1))).idV2(t)
	if r := becomes(t, s, expensive, "order_failed"); r.at("job_result", "error_type") != "max_price_exceeded" {
		t.Errorf("too expensive: %s", r.Raw)
	}
}

func TestVersion2StopsOnlyWhatWaits(t *testing.T) {
	s := startV2(t, Options{})
	waits := postV2(t, s, bodyV2(ProductStuck, "k1")).idV2(t)
	if r := doV2(t, s, "POST", "/orders/"+waits+"/cancel", nil); r.Status != http.StatusNoContent {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
	if got := getV2(t, s, waits).status(); got != "cancelled" {
		t.Errorf("the order is %s", got)
	}
	begun := postV2(t, s, bodyV2(ProductAbortTooLate, "k2")).idV2(t)
	for _, id := range []string{waits, begun} {
		if r := doV2(t, s, "POST", "/orders/"+id+"/cancel", nil); r.Status != 422 || r.at("error", "code") != "order_not_cancellable" {
			t.Errorf("%d %s", r.Status, r.Raw)
		}
	}
	becomes(t, s, begun, "order_placed")
	if r := doV2(t, s, "POST", "/orders/nobody/cancel", nil); r.Status != http.StatusNotFound {
		t.Errorf("an unknown order: %d", r.Status)
	}
}

func TestVersion2RefusesAtOnce(t *testing.T) {
	s := startV2(t, Options{})
	address := func(field, value string) func(map[string]any) {
		return func(b map[string]any) { b["shipping_address"].(map[string]any)[field] = value }
	}
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		code   string // of the error object
		loc    []any  // of the validator's first entry
	}{
		"no maximum price":    {bodyV2(ProductOK, "k", without("max_price")), 422, "", []any{"body", "max_price"}},
		"a ZIP code":          {bodyV2(ProductOK, "k", address("postal_code", "9720")), 422, "", []any{"body", "shipping_address", "postal_code"}},
		"a country in words":  {bodyV2(ProductOK, "k", address("country", "USA")), 422, "", []any{"body", "shipping_address", "country"}},
		"a key of 37":         {bodyV2(ProductOK, "1234567890123456789012345678901234567"), 422, "", []any{"body", "idempotency_key"}},
		"too many of a thing": {bodyV2(ProductOK, "k", with("products", []any{map[string]any{"url": "https://www.amazon.com/dp/" + ProductOK, "quantity": 101}})), 422, "", []any{"body", "products", 0.0, "quantity"}},
		"another retailer":    {bodyV2(ProductOK, "k", with("products", []any{map[string]any{"url": "https://shop.example.com/p"}})), 400, "unsupported_retailer", nil},
		"a refused product":   {bodyV2(ProductRefused("invalid_shipping_address"), "k"), 400, "invalid_shipping_address", nil},
		"a refused token":     {bodyV2(ProductRefused("token_expired"), "k"), 401, "token_expired", nil},
	} {
		r := postV2(t, s, c.body)
		code, _ := r.at("error", "code").(string)
		if r.Status != c.status || code != c.code {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
		if c.loc == nil {
			continue
		}
		entries, _ := r.at("detail").([]any)
		if len(entries) != 1 {
			t.Errorf("%s: %s, want one entry", name, r.Raw)
			continue
		}
		if diff := cmp.Diff(c.loc, entries[0].(map[string]any)["loc"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if n := len(s.Record().Purchases); n != 0 {
		t.Errorf("%d purchases", n)
	}
}

func TestVersion2ChecksItsToken(t *testing.T) {
	s := startV2(t, Options{})
	for _, header := range []string{"", "Bearer other", "Basic sim-token", "sim-token"} {
		request, err := http.NewRequest("GET", s.V2URL()+"/wallet/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", header)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, response.StatusCode)
		}
	}
}

func TestVersion2IsServedOnlyWhenAsked(t *testing.T) {
	if got := start(t, Options{}).V2URL(); got != "" {
		t.Errorf("version 2 is at %s", got)
	}
	s := startV2(t, Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if r := doV2(t, s, "GET", "/wallet/me", nil); r.Err == nil {
		t.Errorf("a closed simulator answers %d", r.Status)
	}
	taken := startV2(t, Options{})
	where, err := url.Parse(taken.V2URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{V2: true, V2Addr: where.Host}); err == nil {
		t.Error("an address that is taken is no error")
	}
}

func TestTheListOfVersion2Filters(t *testing.T) {
	s := startV2(t, Options{})
	var ids []string
	for _, key := range []string{"a", "b", "c"} {
		ids = append(ids, postV2(t, s, bodyV2(ProductStuck, key)).idV2(t))
	}
	post(s, body(ProductOK, "one")).id(t) // another account's, so to say
	future := url.QueryEscape(time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	for query, want := range map[string][]string{
		"":                                         {ids[2], ids[1], ids[0]},
		"metadata_key=key&metadata_value=b":        {ids[1]},
		"metadata_key=attempt&metadata_value=2":    {},
		"limit=1&offset=1":                         {ids[1]},
		"created_after=" + future:                  {},
		"created_before=" + future + "&limit=1":    {ids[2]},
		"status_filter=pending&order_id=" + ids[0]: {ids[0]},
		"status_filter=order_placed":               {},
	} {
		got := []string{}
		r := doV2(t, s, "GET", "/orders?"+query, nil)
		orders, _ := r.at("orders").([]any)
		for _, o := range orders {
			got = append(got, o.(map[string]any)["id"].(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	for _, query := range []string{"limit=101", "metadata_key=key", "created_after=yesterday"} {
		if r := doV2(t, s, "GET", "/orders?"+query, nil); r.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, r.Status)
		}
	}
	if all := do(s, "GET", "/v1/orders", nil).at("orders").([]any); len(all) != 1 {
		t.Errorf("version 1 lists %d orders, want its own", len(all))
	}
	s.AddFault(Fault{Kind: ListingLag, Delay: time.Hour})
	if r := doV2(t, s, "GET", "/orders", nil); r.at("total") != 0.0 {
		t.Errorf("in spite of the lag: %s", r.Raw)
	}
}

func TestFaultsMeetVersion2(t *testing.T) {
	s := startV2(t, Options{})
	s.AddFault(Fault{Method: "POST", PathPrefix: "/orders", Identity: identity, Kind: DropAfter, Times: 1})
	if r := postV2(t, s, bodyV2(ProductOK, "k")); r.Err == nil {
		t.Fatalf("an answer in spite of the fault: %d", r.Status)
	}
	eventually(t, "the purchase", func() bool { return len(s.Record().PurchasesOf(identity)) == 1 })
	found := doV2(t, s, "GET", "/orders?metadata_key=key&metadata_value=k", nil)
	if found.at("total") != 1.0 {
		t.Errorf("the list: %s", found.Raw)
	}
	s.AddFault(Fault{Method: "GET", Kind: UnknownID404, Times: 1})
	if r := getV2(t, s, "x"); r.Status != http.StatusNotFound || r.at("error", "code") != "not_found" {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
}

func TestVersion2SurvivesARestart(t *testing.T) {
	o := Options{StateFile: stateFile(t), V2: true}
	s := startV2(t, o)
	id := postV2(t, s, bodyV2(ProductSlow, "k")).idV2(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := startV2(t, o)
	becomes(t, again, id, "order_placed")
	if r := postV2(t, again, bodyV2(ProductSlow, "k")); r.Status != http.StatusConflict {
		t.Errorf("the key is not known any more: %d", r.Status)
	}
	if n := len(again.Record().PurchasesOf(identity)); n != 1 {
		t.Errorf("%d purchases", n)
	}
}

func TestParcelsOfVersion2(t *testing.T) {
	s := startV2(t, Options{})
	id := postV2(t, s, bodyV2(ProductSplit, "k")).idV2(t)
	becomes(t, s, id, "order_placed")
	items := func() any { return getV2(t, s, id).at("items").([]any)[0].(map[string]any)["status"] }
	if got := items(); got != "ordered" {
		t.Errorf("items are %v", got)
	}
	for step := 1; s.Advance(id); step++ {
		want, parcels := "shipped", min(step, 3)
		if step == 6 {
			want = "delivered"
		}
		if got := items(); got != want {
			t.Errorf("step %d: items are %v, want %s", step, got, want)
		}
		if got := len(getV2(t, s, id).at("tracking_numbers").([]any)); got != parcels {
			t.Errorf("step %d: %d parcels, want %d", step, got, parcels)
		}
	}
}
