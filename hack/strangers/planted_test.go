package strangers

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"sync"

	"github.com/zma-operator/zma-operator/hack/shop"
)

// planted are the words that must not be found in anything that the process
// tells: names, addresses, card numbers, tokens, secrets.
var planted = struct {
	sync.Mutex
	words map[string]bool
}{words: map[string]bool{}}

// shortest word worth looking for: shorter ones are found by chance.
const shortest = 8

// plant remembers words to look for.
func plant(words ...string) {
	planted.Lock()
	defer planted.Unlock()
	for _, w := range words {
		if len(w) >= shortest {
			planted.words[w] = true
		}
	}
}

// leaks are the planted words in a text.
func leaks(text string) []string {
	planted.Lock()
	defer planted.Unlock()
	var found []string
	for w := range planted.words {
		if strings.Contains(text, w) {
			found = append(found, w)
		}
	}
	return found
}

// newID is an external ID that nobody has used. Its beginning gives away any of
// them.
func newID() string {
	const beginning = "STRANGERS-"
	plant(beginning)
	return beginning + rand.Text()[:16]
}

// newOrder is an acceptable order with words that stand out.
func newOrder(id string) *shop.Order {
	o := shop.NewOrder(id, shop.Item{ProductID: "B000000001", Quantity: 1, UnitPriceCents: 2099, Title: "Zwiebelquark Deluxe"})
	o.ShippingAddress.FirstName, o.ShippingAddress.LastName = "Zebuloniah", "Quuxington"
	o.ShippingAddress.Line1, o.ShippingAddress.Phone = "77 Plantedtree Lane", "+15032239999"
	o.Customer["email"] = "planted@strangers.example.org"
	plant("Zwiebelquark", "Zebuloniah", "Quuxington", "Plantedtree", "5032239999", "planted@strangers")
	return o
}

// body of an acceptable order.
func body(id string) []byte { return newOrder(id).JSON() }

// mappedBody is what the mapped source makes an order of.
func mappedBody(id string) []byte {
	raw, err := json.Marshal(map[string]any{
		"id": id, "sku": "B000000001", "title": "Zwiebelquark Deluxe", "address": newOrder(id).ShippingAddress,
		"customer": "c-1", "cents": 2099, "extra": map[string]any{"list": []any{1, "two", nil, true}},
	})
	if err != nil {
		panic(err) // nothing of it can't be encoded
	}
	return raw
}
