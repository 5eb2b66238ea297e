package zmasim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// requestV2 is the part of a POST's body that the simulator acts on.
type requestV2 struct {
	Key      *string           `json:"idempotency_key"`
	Products []productV2       `json:"products"`
	MaxPrice *int64            `json:"max_price"`
	Address  map[string]string `json:"shipping_address"`
	Metadata map[string]any    `json:"metadata"`
	IsGift   bool              `json:"is_gift"`
	Message  *string           `json:"gift_message"`
}

type productV2 struct {
	URL      string          `json:"url"`
	Quantity *int64          `json:"quantity"`
	Variant  json.RawMessage `json:"variant,omitempty"`
}

func (p productV2) quantity() int64 {
	if p.Quantity == nil {
		return 1
	}
	return *p.Quantity
}

// asin is the product of a URL as version 1 names it; empty for other retailers.
func (p productV2) asin() string {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" || strings.TrimPrefix(u.Host, "www.") != "amazon.com" {
		return ""
	}
	_, after, _ := strings.Cut(u.Path, "/dp/")
	id, _, _ := strings.Cut(after, "/")
	return id
}

func readHeadV2(body []byte) head {
	var top struct {
		Key      json.RawMessage `json:"idempotency_key"`
		Metadata json.RawMessage `json:"metadata"`
		Products json.RawMessage `json:"products"`
	}
	if json.Unmarshal(body, &top) != nil {
		return head{}
	}
	var h head
	var notes struct {
		Identity string `json:"identity"`
		Attempt  any    `json:"attempt"`
	}
	var products []productV2
	// Each part by itself: a malformed one must not hide the others.
	_ = json.Unmarshal(top.Key, &h.Key)
	_ = json.Unmarshal(top.Metadata, &notes)
	_ = json.Unmarshal(top.Products, &products)
	h.Identity = notes.Identity
	h.Attempt, _ = strconv.ParseInt(fmt.Sprint(notes.Attempt), 10, 64) // absent is 0
	if len(products) > 0 {
		h.ProductID = products[0].asin()
	}
	return h
}

// requestOfV2 is an accepted order in version 1's words, for all that happens to
// it after.
func requestOfV2(body []byte) orderRequest {
	var r requestV2
	_ = json.Unmarshal(body, &r) // parsed before, when the order was accepted
	out := orderRequest{Retailer: "amazon", MaxPrice: r.MaxPrice}
	for _, p := range r.Products {
		out.Products = append(out.Products, product{ProductID: p.asin(), Quantity: p.quantity()})
	}
	return out
}

// validatorErrorV2 is one entry of "detail".
type validatorErrorV2 struct {
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
	Type string `json:"type"`
}

type checkV2 struct{ errs []validatorErrorV2 }

func (c *checkV2) that(ok bool, message string, loc ...any) {
	if !ok {
		c.errs = append(c.errs, validatorErrorV2{Loc: append([]any{"body"}, loc...), Msg: message, Type: "value_error"})
	}
}

func refusedByValidator(errs []validatorErrorV2) answer {
	return jsonAnswer(http.StatusUnprocessableEntity, map[string]any{"detail": errs})
}

const maxQuantityV2 = 100

// validate returns what the validator refuses.
func (r requestV2) validate() []validatorErrorV2 {
	var c checkV2
	c.that(len(r.Products) > 0, "field required", "products")
	for i, p := range r.Products {
		c.that(p.URL != "", "field required", "products", i, "url")
		c.that(p.quantity() >= 1 && p.quantity() <= maxQuantityV2, "must be from 1 to 100", "products", i, "quantity")
	}
	c.that(r.MaxPrice != nil && *r.MaxPrice > 0, "must be a positive number of cents", "max_price")
	c.that(r.Key == nil || utf8.RuneCountInString(*r.Key) <= 36, "at most 36 characters", "idempotency_key")
	c.that(r.Message == nil || r.IsGift && utf8.RuneCountInString(*r.Message) <= 240, "at most 240 characters of a gift", "gift_message")
	c.address(r.Address)
	return c.errs
}

func (c *checkV2) address(a map[string]string) {
	if a == nil {
		c.that(false, "field required", "shipping_address")
		return
	}
	for _, field := range []string{"first_name", "last_name", "address_line1", "city", "postal_code", "phone_number"} {
		c.that(a[field] != "", "field required", "shipping_address", field)
	}
	country := orElse(strings.ToUpper(a["country"]), "US")
	c.that(len(country) == 2, "must be an ISO 3166 alpha-2 code", "shipping_address", "country")
	zip := regexp.MustCompile(`^\d{5}(-\d{4})?$`)
	c.that(country != "US" || a["postal_code"] == "" || zip.MatchString(a["postal_code"]), "must be a ZIP code", "shipping_address", "postal_code")
	c.that(country != "US" || a["state"] != "", "field required", "shipping_address", "state")
}
